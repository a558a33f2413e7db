const TICKS = 4

/**
 * Tells when a time is over, in which this program itself was able to take what may have come: a thread that is held up for long finds its timers due before it has read what waits for it.
 */
export class Deadline {
  readonly #timer: NodeJS.Timeout
  #ticks = 0

  constructor(ms: number, tell: () => void) {
    this.#timer = setInterval(() => {
      if (++this.#ticks < TICKS) return
      this.end()
      tell()
    }, ms / TICKS)
  }

  /** From the beginning. */
  refresh(): void {
    this.#ticks = 0
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
