import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { viewOf } from '../memory-view.ts'
import { MAX_REMEMBERED_ANSWERS } from './limits.ts'

/** The latest answers of a flow, by key and hash: a capture on several interfaces has each of them more than once. Most flows have one. */
export class AnsweredMemory {
  #key = -1
  #hash = 0
  /** Those before it, keys and hashes in turn. */
  #older: number[] | undefined
  #lastMicros = -1
  #lastHash = 0

  clear(): void {
    this.#key = this.#lastMicros = -1
    this.#older = undefined
  }

  remember(key: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#key >= 0) {
      const older = this.#older ??= []
      older.unshift(this.#key, this.#hash)
      if (older.length >= MAX_REMEMBERED_ANSWERS * 2) older.length -= 2
    }
    this.#key = key
    this.#hash = hashOf(bytes, start, end)
  }

  /** Whether this query was answered before, by the same bytes or by others. */
  recall(key: number, bytes: Uint8Array, start: number, end: number): 'same' | 'other' | undefined {
    const known = this.#hashOf(key)
    if (known === undefined) return undefined
    return known === hashOf(bytes, start, end) ? 'same' : 'other'
  }

  #hashOf(key: number): number | undefined {
    if (this.#key === key) return this.#hash
    const older = this.#older
    for (let i = 0; older !== undefined && i < older.length; i += 2) if (older[i] === key) return older[i + 1]
    return undefined
  }

  /** Whether the last datagram of this side had the same bytes, less than `withinMicros` ago. */
  isCopy(side: Side, bytes: Uint8Array, start: number, end: number, at: Micros, withinMicros: number): boolean {
    const hash = hashOf(bytes, start, end) ^ side
    const copy = this.#lastMicros >= 0 && hash === this.#lastHash && at - this.#lastMicros < withinMicros
    this.#lastMicros = at
    this.#lastHash = hash
    return copy
  }
}

/** As FNV-1a, two of them, four bytes at a time each. Who forges an equal one hides a copy of his own answer. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const words = viewOf(bytes)
  const { byteOffset } = bytes
  let even = 0x811c9dc5 ^ end - start
  let odd = 0
  let i = start
  for (; i + 8 <= end; i += 8) {
    even = Math.imul(even ^ words.getInt32(byteOffset + i, true), 0x01000193)
    odd = Math.imul(odd ^ words.getInt32(byteOffset + i + 4, true), 0x85ebca6b)
    // The lowest bits depend on nothing above them.
    even ^= even >>> 15
    odd ^= odd >>> 13
  }
  for (; i < end; i++) even = Math.imul(even ^ bytes[i]!, 0x01000193)
  return Math.imul(even ^ even >>> 16, 0xc2b2ae35) ^ odd
}
