import type { Micros } from '../model/time.ts'

/** A handshake, with retries and long chains, is in fewer segments. */
const MAX_MARKS = 96

/** In which frames the first segments of a connection were, by their time. */
export class FrameMarks {
  readonly #frames: number[] = []
  readonly #times: Micros[] = []

  add(frame: number, atMicros: Micros): void {
    if (this.#frames.length === MAX_MARKS) return
    this.#frames.push(frame)
    this.#times.push(atMicros)
  }

  /** The last segment of exactly that time; undefined where there is none among those that are kept. */
  frameAt(atMicros: Micros): number | undefined {
    const index = this.#times.lastIndexOf(atMicros)
    return index < 0 ? undefined : this.#frames[index]
  }
}
