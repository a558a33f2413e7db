import { trimMemory } from '../../sys/memory.ts'

/** The start and bursts of connections leave free memory behind. */
const FIRST_MS = 2000
const EVERY_MS = 60_000

/** Gives free memory back to the system now and then. */
export class MemoryTrim {
  #nextMs: number

  constructor(nowMs: number) {
    this.#nextMs = nowMs + FIRST_MS
  }

  tick(nowMs: number): void {
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + EVERY_MS
    trimMemory(0)
  }
}
