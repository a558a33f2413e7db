import type { Readable } from 'node:stream'
import { CaptureMerge } from '../tap/capture-merge.ts'

const SECTION_HEADER = 0x0a0d0d0a
const BLOCK_HEAD_BYTES = 8
const SMALLEST_BLOCK = 12
/** A frame with its comment; a block that is longer is none of ours. */
const MAX_BLOCK_BYTES = 32 * 1024 * 1024

/** pcapng of several agents as the blocks of one section: each stream's own section header is left out, its interfaces are numbered anew. */
export class RemoteBlocks {
  readonly #merge = new CaptureMerge()

  /** @param origin number of the agent. Whole blocks only; changed in place. */
  blocks(origin: number, bytes: Uint8Array): Uint8Array {
    const parts = this.#merge.blocks(origin, bytes)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}

/** Reads a pcapng stream (little-endian, as agents write it) until its end, and hands on whole blocks but for section headers. False where it broke its format. */
export async function readBlocks(stream: Readable, take: (blocks: Uint8Array) => void | Promise<void>): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // Copied: what is handed on is changed and kept.
    const bytes = Buffer.concat([rest, chunk])
    const { end, from } = wholeBlocks(bytes)
    if (end < 0) return false
    rest = bytes.subarray(end)
    if (end > from) await take(bytes.subarray(from, end))
  }
  return true
}

/** Where blocks begin behind a section header, and where the last whole one ends; `end` -1 for what is no pcapng. */
function wholeBlocks(bytes: Buffer): { from: number, end: number } {
  let from = 0
  let at = 0
  while (at + BLOCK_HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at + 4)
    if (length < SMALLEST_BLOCK || length % 4 !== 0 || length > MAX_BLOCK_BYTES) return { from, end: -1 }
    if (at + length > bytes.length) break
    // There is one, in front of all others.
    if (bytes.readUInt32LE(at) === SECTION_HEADER) from = at + length
    at += length
  }
  return { from, end: at }
}
