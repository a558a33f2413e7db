import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from '../base/version.ts'
import type { Micros } from '../model/time.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { CaptureMerge } from '../tap/capture-merge.ts'
import type { PacketSource } from './packet-search.ts'

const INTERFACE_BLOCK = 1
const ENHANCED_PACKET_BLOCK = 6
const MIN_SEGMENT_BYTES = 1024 * 1024
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024
/** A segment is this part of the bound, so that little goes at once. */
const SEGMENTS = 16
const WORD = 2 ** 32

interface Segment { readonly path: string, bytes: number, firstMicros: Micros, lastMicros: Micros }

/** Frames as they were captured, in pcapng files that are whole at any moment; the oldest file goes when there is too much. */
export class PacketSegments {
  readonly #folder: string
  readonly maxBytes: number
  readonly #segmentBytes: number
  readonly #merge = new CaptureMerge()
  /** Interface descriptions so far: each segment begins with all of them. */
  readonly #interfaces: Uint8Array[] = []
  readonly #segments: Segment[] = []
  #fd: number | undefined
  #number = 0
  usedBytes = 0
  removedBytes = 0
  /** The disk is full, or the like. */
  problem: string | undefined

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.maxBytes = maxBytes
    this.#segmentBytes = Math.max(MIN_SEGMENT_BYTES, Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / SEGMENTS)))
    this.#adopt()
  }

  /** Segments of an earlier run in the same folder. */
  #adopt(): void {
    for (const name of readdirSync(this.#folder).filter((file) => /^packets-\d+\.pcapng$/.test(file)).sort()) {
      const path = join(this.#folder, name)
      const bytes = statSync(path).size
      this.#segments.push({ path, bytes, firstMicros: 0, lastMicros: Infinity })
      this.usedBytes += bytes
      this.#number = Math.max(this.#number, Number(/\d+/.exec(name)![0]) + 1)
    }
  }

  /** Blocks of one writer (tap/frame-blocks.ts), whole. */
  add(origin: number, blocks: Uint8Array): void {
    for (const part of this.#merge.blocks(origin, blocks)) this.#write(part)
  }

  get sources(): readonly PacketSource[] {
    return this.#segments
  }

  #write(blocks: Uint8Array): void {
    const described = this.#interfaces.length
    const { firstMicros, lastMicros } = this.#look(blocks)
    try {
      if (this.#fd === undefined || this.#segments.at(-1)!.bytes > this.#segmentBytes) this.#open(described)
      writeAll(this.#fd!, blocks)
      this.problem = undefined
    } catch (error) {
      this.problem = `packets are not kept: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`
      this.removedBytes += blocks.length
      this.#close()
      this.#removeOldest()
      return
    }
    const segment = this.#segments.at(-1)!
    segment.bytes += blocks.length
    segment.firstMicros = Math.min(segment.firstMicros, firstMicros)
    segment.lastMicros = Math.max(segment.lastMicros, lastMicros)
    this.usedBytes += blocks.length
    while (this.usedBytes > this.maxBytes && this.#segments.length > 1) this.#removeOldest()
  }

  /** Notes interfaces, and the time that the frames cover. */
  #look(blocks: Uint8Array): { firstMicros: Micros, lastMicros: Micros } {
    const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength)
    let firstMicros = Infinity
    let lastMicros = 0
    for (let at = 0, length; at < blocks.length; at += length) {
      length = view.getUint32(at + 4, true)
      const type = view.getUint32(at, true)
      if (type === INTERFACE_BLOCK) this.#interfaces.push(new Uint8Array(blocks.subarray(at, at + length)))
      else if (type === ENHANCED_PACKET_BLOCK) {
        const micros = view.getUint32(at + 12, true) * WORD + view.getUint32(at + 16, true)
        if (micros < firstMicros) firstMicros = micros
        if (micros > lastMicros) lastMicros = micros
      }
    }
    return { firstMicros, lastMicros }
  }

  /** @param described how many interfaces were described before what is written next */
  #open(described: number): void {
    this.#close()
    const path = join(this.#folder, `packets-${String(this.#number++).padStart(6, '0')}.pcapng`)
    // Other people's data: for the owner only.
    this.#fd = openSync(path, 'w', 0o600)
    const segment: Segment = { path, bytes: 0, firstMicros: Infinity, lastMicros: 0 }
    this.#segments.push(segment)
    for (const bytes of [new PcapngWriter(`mtlscope ${VERSION}`).header(), ...this.#interfaces.slice(0, described)]) {
      writeAll(this.#fd, bytes)
      segment.bytes += bytes.length
      this.usedBytes += bytes.length
    }
  }

  #removeOldest(): void {
    const oldest = this.#segments.shift()
    if (oldest === undefined) return
    rmSync(oldest.path, { force: true })
    this.usedBytes -= oldest.bytes
    this.removedBytes += oldest.bytes
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  close(): void {
    this.#close()
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}
