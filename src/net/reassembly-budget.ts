import type { HeldSegments } from './held-segments.ts'
import { RecentBytes } from './recent-bytes.ts'

export interface ReassemblyLimits {
  /** Bytes that wait behind holes, of all connections together, bookkeeping included. */
  readonly totalBytes: number
  /** Of one direction of one connection. */
  readonly streamBytes: number
  readonly streamSegments: number
}

const REASSEMBLY_LIMITS: ReassemblyLimits = { totalBytes: 64 * 1024 * 1024, streamBytes: 1024 * 1024, streamSegments: 1024 }

export interface ReassemblyCounters {
  gaps: number
  bytesLost: number
  overlapConflicts: number
  /** Holes given up because one direction, or all together, held too much. */
  bufferLimits: number
  totalLimits: number
  /** Segments too far from the stream to belong to it. */
  outOfWindow: number
  resets: number
}

/** Shared by the connections of one place of capture: bounds the memory of all together, and counts. */
export class ReassemblyBudget {
  readonly limits: ReassemblyLimits
  readonly counters: ReassemblyCounters = {
    gaps: 0, bytesLost: 0, overlapConflicts: 0, bufferLimits: 0, totalLimits: 0, outOfWindow: 0, resets: 0,
  }

  readonly recent = new RecentBytes()
  heldBytes = 0
  #oldest: HeldSegments | undefined
  #newest: HeldSegments | undefined

  constructor(limits: Partial<ReassemblyLimits> = {}) {
    this.limits = { ...REASSEMBLY_LIMITS, ...limits }
  }

  get isExceeded(): boolean {
    return this.heldBytes > this.limits.totalBytes
  }

  /** The stream that has waited longest for a hole to be filled. */
  get oldest(): HeldSegments | undefined {
    return this.#oldest
  }

  enter(held: HeldSegments): void {
    held.older = this.#newest
    if (this.#newest === undefined) this.#oldest = held
    else this.#newest.newer = held
    this.#newest = held
  }

  leave(held: HeldSegments): void {
    const { older, newer } = held
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    held.older = held.newer = undefined
  }
}
