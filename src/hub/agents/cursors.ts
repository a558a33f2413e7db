/** Cursors that are remembered, for those who come back with one. */
const MAX_CURSORS = 1024

/** How far each of several stores was looked at, by slot. */
export type Progress = ReadonlyMap<number, number>

/** One number for how far several stores were looked at: all their messages so far. It grows with them, and means the same to whoever merges the same stores. */
export class Cursors {
  readonly #known = new Map<number, Progress>()

  register(progress: Progress): number {
    let cursor = 0
    for (const lastId of progress.values()) cursor += lastId
    // Two that are told at the same time may have as many messages, of different stores.
    for (let known = this.#known.get(cursor); known !== undefined && !isSame(known, progress); known = this.#known.get(cursor)) cursor++
    this.#known.delete(cursor)
    this.#known.set(cursor, progress)
    if (this.#known.size > MAX_CURSORS) this.#known.delete(this.#known.keys().next().value!)
    return cursor
  }

  /** Undefined for one of long ago, or of another hub. */
  progress(cursor: number): Progress | undefined {
    return this.#known.get(cursor)
  }
}

function isSame(a: Progress, b: Progress): boolean {
  return a.size === b.size && [...a].every(([slot, lastId]) => b.get(slot) === lastId)
}
