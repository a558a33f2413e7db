import type { Side } from '../../model/side.ts'
import { FRAME_HEADER_BYTES } from './frame-types.ts'
import { MAX_SEARCH_BYTES } from './limits.ts'
import { MORE, YES, frameChain, uint24 } from './plausible.ts'

/** No frame was found so far. */
export const NOT_FOUND = -1
/** It begins in bytes of earlier calls: see `take`. */
export const FOUND_BEFORE = -2
const FIRST_ROOM_BYTES = 256
/** What a place that waits takes, about. */
const PLACE_BYTES = 64

/**
 * Looks for a place where several frames follow each other, in bytes that come in any pieces. Each place is judged when it comes, and again only
 * when that can change something, so that pieces of one byte cost no more than long ones. Positions count from the beginning of the search.
 */
export class FrameSearch {
  readonly #side: Side
  /** Places that the very next byte may decide on: a frame header is not whole. */
  #young: number[] = []
  /** Places that wait for the end of a frame, by where that is. */
  readonly #sleepers = new Map<number, number[]>()
  #sleeping = 0
  /** The bytes from `#roomAt` on; of use while there are places that wait. */
  #room = new Uint8Array(0)
  #roomAt = 0
  #total = 0
  #foundAt = 0

  constructor(side: Side) {
    this.#side = side
  }

  get heldBytes(): number {
    return this.#room.length + (this.#young.length + this.#sleeping) * PLACE_BYTES
  }

  get #isWaiting(): boolean {
    return this.#young.length + this.#sleeping > 0
  }

  /** The next bytes are buf[from, to). Where the frame begins in `buf`, or FOUND_BEFORE, or NOT_FOUND. */
  feed(buf: Uint8Array, from: number, to: number, maxFrameBytes: number): number {
    const before = this.#total
    this.#total += to - from
    if (this.#isWaiting) {
      this.#append(buf, from, to)
      if (this.#wake(before, maxFrameBytes)) return FOUND_BEFORE
    } else this.#roomAt = this.#total
    const found = this.#judge(buf, from, to, maxFrameBytes, before - from)
    // Nothing waited until now: from the first that does.
    if (found === NOT_FOUND && this.#isWaiting && this.#roomAt === this.#total) this.#begin(buf, to)
    return found
  }

  /** After FOUND_BEFORE: the bytes from the frame on. */
  take(): Uint8Array {
    return this.#room.slice(this.#foundAt - this.#roomAt, this.#total - this.#roomAt)
  }

  /** Judges the places of buf[from, to). `shift` leads from there to positions. */
  #judge(buf: Uint8Array, from: number, to: number, maxFrameBytes: number, shift: number): number {
    for (let at = from; at < to; at++) {
      const verdict = frameChain(buf, at, to, this.#side, maxFrameBytes)
      if (verdict === YES) return at
      if (verdict === MORE) this.#wait(at + shift, frameEnd(buf, at, to) + shift)
    }
    return NOT_FOUND
  }

  /** `end`: of the frame, where its header is whole. One that ends too far away is not waited for. */
  #wait(at: number, end: number): void {
    if (end <= this.#total) this.#young.push(at)
    else if (end - at <= MAX_SEARCH_BYTES) {
      const others = this.#sleepers.get(end)
      if (others === undefined) this.#sleepers.set(end, [at])
      else others.push(at)
      this.#sleeping++
    }
  }

  /** Judges anew what waited for the bytes since `before`. True where a frame begins at one of them. */
  #wake(before: number, maxFrameBytes: number): boolean {
    const woken = this.#young
    this.#young = []
    for (let end = before + 1; end <= this.#total && this.#sleeping > 0; end++) {
      const places = this.#sleepers.get(end)
      if (places === undefined) continue
      this.#sleepers.delete(end)
      this.#sleeping -= places.length
      woken.push(...places)
    }
    this.#foundAt = Infinity
    for (const at of woken) if (this.#isFrame(at, maxFrameBytes) && at < this.#foundAt) this.#foundAt = at
    return this.#foundAt < Infinity
  }

  #isFrame(at: number, maxFrameBytes: number): boolean {
    if (at < this.#roomAt) return false
    const from = at - this.#roomAt
    const to = this.#total - this.#roomAt
    const verdict = frameChain(this.#room, from, to, this.#side, maxFrameBytes)
    if (verdict === MORE) this.#wait(at, frameEnd(this.#room, from, to) + this.#roomAt)
    return verdict === YES
  }

  #begin(buf: Uint8Array, to: number): void {
    let first = this.#young[0] ?? this.#total
    for (const [at] of this.#sleepers.values()) first = Math.min(first, at!)
    this.#room = new Uint8Array(Math.max(FIRST_ROOM_BYTES, (this.#total - first) * 2))
    this.#roomAt = first
    this.#room.set(buf.subarray(to - (this.#total - first), to))
  }

  /** Keeps what is waited for: about MAX_SEARCH_BYTES before the newest bytes. */
  #append(buf: Uint8Array, from: number, to: number): void {
    const held = this.#total - (to - from)
    if (this.#total - this.#roomAt > this.#room.length) {
      const start = Math.max(this.#roomAt, held - MAX_SEARCH_BYTES - 2 * FRAME_HEADER_BYTES)
      const kept = this.#room.subarray(start - this.#roomAt, held - this.#roomAt)
      const room = new Uint8Array((kept.length + to - from) * 2)
      room.set(kept)
      this.#room = room
      this.#roomAt = start
    }
    this.#room.set(buf.subarray(from, to), held - this.#roomAt)
  }
}

/** Where the frame at `at` ends; 0 where its header is not whole. */
function frameEnd(bytes: Uint8Array, at: number, to: number): number {
  return to - at < FRAME_HEADER_BYTES ? 0 : at + FRAME_HEADER_BYTES + uint24(bytes, at)
}
