import type { Buffer } from 'node:buffer'
import { BsonReader } from './bson.ts'
import { MAX_SECTIONS } from './limits.ts'
import { CHECKSUM_BYTES, CHECKSUM_PRESENT } from './op.ts'

const FLAG_BYTES = 4
const BODY = 0
const SEQUENCE = 1

/** Documents of an OP_MSG that belong to a field of its body: those of `documents`, `updates`, `deletes`. */
export interface Sequence { readonly name: string, readonly from: number, readonly to: number }

/** Where the sections of an OP_MSG stand, as far as they are here. */
export interface Sections {
  readonly flags: number
  /** Of the body; -1 where it is not here. */
  readonly bodyAt: number
  readonly sequences: readonly Sequence[]
  readonly isCut: boolean
  readonly isBad: boolean
  readonly isTooMuch: boolean
  readonly checksum: number | undefined
}

/** `bytes`: what stands behind the header; `isWhole`: all of it is here. */
export function parseSections(bytes: Buffer, isWhole: boolean): Sections {
  const flags = bytes.length >= FLAG_BYTES ? bytes.readInt32LE(0) : 0
  const hasChecksum = isWhole && (flags & CHECKSUM_PRESENT) !== 0 && bytes.length >= FLAG_BYTES + CHECKSUM_BYTES
  const end = hasChecksum ? bytes.length - CHECKSUM_BYTES : bytes.length
  const reader = new BsonReader(bytes)
  const sequences: Sequence[] = []
  let bodyAt = -1
  let isBad = false
  let at = FLAG_BYTES
  let count = 0
  for (; at < end && count < MAX_SECTIONS; count++) {
    const kind = bytes[at]!
    if (kind === BODY && bodyAt < 0) bodyAt = at + 1
    else if (kind === SEQUENCE) addSequence(sequences, bytes, at + 1, end)
    else isBad = true
    const size = isBad ? 0 : sizeAt(reader, kind, bytes, at + 1)
    if (size === 0) break
    at += 1 + size
  }
  return {
    flags, bodyAt, sequences, isBad: isBad || reader.isBad || (isWhole && at > end), isCut: !isWhole, isTooMuch: at < end && count === MAX_SECTIONS,
    checksum: hasChecksum ? bytes.readUInt32LE(end) : undefined,
  }
}

function sizeAt(reader: BsonReader, kind: number, bytes: Buffer, at: number): number {
  return kind === BODY ? reader.documentBytes(at) : at + 4 <= bytes.length ? Math.max(0, bytes.readInt32LE(at)) : 0
}

/** Size, name, documents. */
function addSequence(sequences: Sequence[], bytes: Buffer, at: number, end: number): void {
  if (at + 4 > end) return
  const zero = bytes.indexOf(0, at + 4)
  if (zero < 0 || zero >= end) return
  sequences.push({ name: bytes.toString('utf8', at + 4, zero), from: zero + 1, to: Math.min(end, at + bytes.readInt32LE(at)) })
}

/** How many documents stand between the two; fewer than were sent where they are cut. */
export function countDocuments(bytes: Buffer, from: number, to: number): number {
  const reader = new BsonReader(bytes)
  let count = 0
  for (let at = from; at < to; count++) {
    const size = reader.documentBytes(at)
    if (size === 0) break
    at += size
  }
  return count
}
