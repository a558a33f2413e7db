import type { Buffer } from 'node:buffer'
import { isFlexible } from './apis.ts'
import { ByteReader } from './byte-reader.ts'
import type { Half } from './half.ts'
import { REQUEST_HEAD_BYTES } from './half.ts'
import { readString } from './values.ts'

// Single fields that are needed before anybody reads the whole request.

/** At the body of a request, behind its header. */
export function requestBody(half: Half): ByteReader {
  const reader = new ByteReader(half.bytes, REQUEST_HEAD_BYTES)
  reader.skip(Math.max(0, reader.length(false, true)))
  if (isFlexible(half.key, half.version)) skipTags(reader)
  return reader
}

/** Of a request. Null where it has none, empty where it cannot be read. */
export function clientIdOf(half: Half): string | null {
  return readString(new ByteReader(half.bytes, REQUEST_HEAD_BYTES), false)
}

export function skipTags(reader: ByteReader): void {
  for (let left = reader.uvarint(); left > 0 && reader.ok; left--) {
    reader.uvarint()
    reader.skip(reader.uvarint())
  }
}

/** How many replicas must have it before the answer; 0: there is no answer. Undefined where it cannot be read. */
export function producedAcks(half: Half): number | undefined {
  const reader = requestBody(half)
  if (half.version >= 3) reader.skip(Math.max(0, reader.length(isFlexible(half.key, half.version), true)))
  const acks = reader.i16()
  return reader.ok ? acks : undefined
}

const FIRST_WITH_SESSIONS = 7
const FIRST_WITHOUT_REPLICA = 15

/** -1: no session, 0: a new one; above: it goes on. */
export function fetchSessionEpoch(half: Half): number {
  if (half.version < FIRST_WITH_SESSIONS) return -1
  const reader = requestBody(half)
  reader.skip(half.version < FIRST_WITHOUT_REPLICA ? 21 : 17)
  const epoch = reader.i32()
  return reader.ok ? epoch : -1
}

export function startOf(bytes: Buffer, limitBytes: number): string {
  return bytes.toString('base64', 0, Math.min(bytes.length, limitBytes))
}
