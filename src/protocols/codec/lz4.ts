import { Buffer } from 'node:buffer'

// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md

const FRAME_MAGIC = 0x184d2204
const SKIPPABLE_MAGIC = 0x184d2a50
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const DICTIONARY_ID = 0x01
const UNCOMPRESSED = 0x8000_0000
const MIN_MATCH = 4
const FIRST_ROOM_BYTES = 4096

/** What came out, and where it ended. */
class Output {
  bytes: Buffer
  length = 0
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.bytes = Buffer.allocUnsafe(Math.min(maxBytes, FIRST_ROOM_BYTES))
  }

  get whole(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  /** False where it would be more than is allowed. */
  reserve(count: number): boolean {
    const needed = this.length + count
    if (needed <= this.bytes.length) return true
    if (needed > this.#maxBytes) return false
    const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(needed, this.bytes.length * 4)))
    grown.set(this.whole)
    this.bytes = grown
    return true
  }

  add(from: Uint8Array, at: number, end: number): boolean {
    if (!this.reserve(end - at)) return false
    this.bytes.set(from.subarray(at, end), this.length)
    this.length += end - at
    return true
  }
}

const TOO_LARGE = 'lz4 expands too far'
const BROKEN = 'lz4 is broken'
const CUT = 'lz4 is cut off'

/** One block without a frame. A string says what is wrong. At most `maxBytes` come out. */
export function decodeLz4Block(bytes: Uint8Array, maxBytes: number): Buffer | string {
  const out = new Output(maxBytes)
  return addBlock(out, bytes, 0, bytes.length) ?? out.whole
}

/**
 * One or more frames. A string says what is wrong. Checksums are not verified. At most `maxBytes` come out.
 * `isCut`: the end may be missing, then what is there comes out, up to the last whole block.
 */
export function decodeLz4(bytes: Uint8Array, maxBytes: number, isCut = false): Buffer | string {
  const out = new Output(maxBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length;) {
    const next = bytes.length - at < 8 ? CUT : addFrame(out, bytes, view, at)
    if (typeof next === 'number') at = next
    else return next === CUT && isCut ? out.whole : next
  }
  return out.whole
}

/** Where the frame ended, or what is wrong with it. */
function addFrame(out: Output, bytes: Uint8Array, view: DataView, from: number): number | string {
  const magic = view.getUint32(from, true)
  if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) return skipFrame(bytes, view, from)
  if (magic !== FRAME_MAGIC) return BROKEN
  const flags = bytes[from + 4]!
  if (flags >> 6 !== 1) return BROKEN
  let at = from + 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4)
  for (;;) {
    if (bytes.length - at < 4) return CUT
    const word = view.getUint32(at, true)
    at += 4
    // The checksum of the content, which some writers announce and leave out at the end.
    if (word === 0) return Math.min(bytes.length, at + ((flags & 0x04) === 0 ? 0 : 4))
    const size = word % UNCOMPRESSED
    if (size > bytes.length - at) return CUT
    const problem = word >= UNCOMPRESSED ? (out.add(bytes, at, at + size) ? undefined : TOO_LARGE) : addBlock(out, bytes, at, at + size)
    if (problem !== undefined) return problem
    at += size + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4)
  }
}

function skipFrame(bytes: Uint8Array, view: DataView, from: number): number | string {
  const end = from + 8 + view.getUint32(from + 4, true)
  return end > bytes.length ? CUT : end
}

/** Matches reach back over earlier blocks, too. What is wrong, if anything. */
function addBlock(out: Output, bytes: Uint8Array, from: number, end: number): string | undefined {
  let at = from
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && at < end) literals += more = bytes[at++]!
    }
    if (literals > end - at) return BROKEN
    if (!addLiterals(out, bytes, at, literals)) return TOO_LARGE
    at += literals
    if (at === end) return undefined
    if (end - at < 2) return BROKEN
    const distance = bytes[at]! | bytes[at + 1]! << 8
    at += 2
    let length = (token & 15) + MIN_MATCH
    if (length === 15 + MIN_MATCH) {
      let more = 255
      while (more === 255 && at < end) length += more = bytes[at++]!
    }
    if (distance === 0 || distance > out.length) return BROKEN
    if (!out.reserve(length)) return TOO_LARGE
    copyMatch(out, distance, length)
  }
  return undefined
}

function addLiterals(out: Output, bytes: Uint8Array, at: number, count: number): boolean {
  if (count > 32) return out.add(bytes, at, at + count)
  if (!out.reserve(count)) return false
  const to = out.bytes
  let length = out.length
  for (let i = at; i < at + count; i++) to[length++] = bytes[i]!
  out.length = length
  return true
}

/** The bytes may overlap: then what was just written is read again. */
function copyMatch(out: Output, distance: number, length: number): void {
  const { bytes } = out
  let to = out.length
  if (distance >= length && length > 32) bytes.copyWithin(to, to - distance, to - distance + length)
  else for (let from = to - distance, i = 0; i < length; i++) bytes[to++] = bytes[from++]!
  out.length += length
}
