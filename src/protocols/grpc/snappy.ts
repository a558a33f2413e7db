import { Buffer } from 'node:buffer'
import { decodeSnappy } from '../codec/snappy.ts'

/** Stream identifier of the framing format. https://github.com/google/snappy/blob/main/framing_format.txt */
const IDENTIFIER = Buffer.from([0xff, 6, 0, 0, ...Buffer.from('sNaPpY')])
const COMPRESSED = 0x00
const PLAIN = 0x01
const FIRST_SKIPPABLE = 0x80
const CHUNK_HEAD_BYTES = 4
const CHECKSUM_BYTES = 4

/** A message compressed with snappy, in frames or in one block: senders differ. What is wrong with it where it cannot be read; checksums are not looked at. */
export function decodeSnappyMessage(bytes: Buffer, maxBytes: number): Buffer | string {
  if (bytes.length === 0) return bytes
  return bytes.subarray(0, IDENTIFIER.length).equals(IDENTIFIER) ? decodeFrames(bytes, maxBytes) : decodeSnappy(bytes, maxBytes)
}

function decodeFrames(bytes: Buffer, maxBytes: number): Buffer | string {
  const parts: Buffer[] = []
  let left = maxBytes
  for (let at = IDENTIFIER.length; at < bytes.length;) {
    if (bytes.length - at < CHUNK_HEAD_BYTES) return 'snappy is cut'
    const kind = bytes[at]!
    const from = at + CHUNK_HEAD_BYTES
    at = from + bytes.readUIntLE(at + 1, 3)
    if (at > bytes.length) return 'snappy is cut'
    if (kind >= FIRST_SKIPPABLE) continue
    if (kind > PLAIN || at - from < CHECKSUM_BYTES) return 'snappy is broken'
    const data = bytes.subarray(from + CHECKSUM_BYTES, at)
    const part = kind === COMPRESSED ? decodeSnappy(data, left) : data
    if (typeof part === 'string') return part
    if (part.length > left) return 'snappy expands too far'
    left -= part.length
    parts.push(part)
  }
  return Buffer.concat(parts)
}
