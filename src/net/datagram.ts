import type { Micros } from '../model/time.ts'
import type { Cursor } from './cursor.ts'
import type { Packet } from './packet.ts'

/** What a datagram and each of its parts cost beyond their bytes, so that empty ones are bounded too. */
const OVERHEAD_BYTES = 256

interface Part { readonly offset: number, readonly bytes: Uint8Array }

/** A datagram of which only parts have come so far. It owns copies of their bytes. */
export class Datagram {
  readonly version: number
  readonly id: number
  readonly firstMicros: Micros
  doneMicros: Micros = 0
  isDone = false
  /** By offset; they do not overlap. */
  parts: Part[] = []
  /** IP protocol number or IPv6 next header of what the joined bytes are. */
  protocol: number
  costBytes = OVERHEAD_BYTES
  readonly #keyProtocol: number
  readonly #src: readonly number[]
  readonly #dst: readonly number[]
  #heldBytes = 0
  /** Known once the last part came. */
  #totalBytes = -1

  constructor(packet: Packet, id: number, keyProtocol: number, atMicros: Micros) {
    this.version = packet.version
    this.id = id
    this.firstMicros = atMicros
    this.protocol = keyProtocol
    this.#keyProtocol = keyProtocol
    this.#src = [packet.src0, packet.src1, packet.src2, packet.src3]
    this.#dst = [packet.dst0, packet.dst1, packet.dst2, packet.dst3]
  }

  matches(packet: Packet, id: number, keyProtocol: number): boolean {
    const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
    const src = this.#src
    const dst = this.#dst
    return this.id === id && this.version === packet.version && this.#keyProtocol === keyProtocol
      && src[3] === src3 && dst[3] === dst3
      && src[0] === src0 && src[1] === src1 && src[2] === src2
      && dst[0] === dst0 && dst[1] === dst1 && dst[2] === dst2
  }

  get isWhole(): boolean {
    return this.#heldBytes === this.#totalBytes
  }

  /** False when the part contradicts what is already there: the datagram is spoilt. */
  add(c: Cursor): boolean {
    const offset = c.fragmentOffset
    const end = offset + c.end - c.at
    if (!this.#agreesOnLength(end, c.fragmentMore)) return false
    const index = this.#indexBehind(offset)
    const before = this.parts[index - 1]
    const after = this.parts[index]
    // wholly inside a part that is there: a copy
    if (before !== undefined && end <= before.offset + before.bytes.length) return true
    if (before !== undefined && offset < before.offset + before.bytes.length) return false
    if (after !== undefined && end > after.offset) return false
    // not slice(): on a Buffer that is a view
    this.parts.splice(index, 0, { offset, bytes: new Uint8Array(c.buf.subarray(c.at, c.end)) })
    this.#heldBytes += end - offset
    this.costBytes += end - offset + OVERHEAD_BYTES
    if (offset === 0) this.protocol = c.type
    return true
  }

  #agreesOnLength(end: number, more: boolean): boolean {
    if (more) return this.#totalBytes < 0 || end <= this.#totalBytes
    if (this.#totalBytes >= 0) return end === this.#totalBytes
    const last = this.parts[this.parts.length - 1]
    if (last !== undefined && end < last.offset + last.bytes.length) return false
    this.#totalBytes = end
    return true
  }

  /** Index of the first part that begins after `offset`. Parts mostly come in order, so it is looked for from the end. */
  #indexBehind(offset: number): number {
    let index = this.parts.length
    while (index > 0 && this.parts[index - 1]!.offset > offset) index--
    return index
  }

  join(): Uint8Array {
    const joined = new Uint8Array(this.#totalBytes)
    for (const part of this.parts) joined.set(part.bytes, part.offset)
    return joined
  }

  finish(atMicros: Micros): void {
    this.isDone = true
    this.doneMicros = atMicros
    this.parts = []
    this.costBytes = OVERHEAD_BYTES
  }
}
