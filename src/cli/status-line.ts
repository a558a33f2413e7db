/** One line at the bottom of the terminal (standard error) that is redrawn in place; nothing when that is no terminal. */
export class StatusLine {
  readonly #enabled: boolean
  readonly #everyMs: number
  #drawnMs = 0
  #shown = false

  constructor(enabled = process.stderr.isTTY === true, everyMs = 200) {
    this.#enabled = enabled
    this.#everyMs = everyMs
  }

  /** At most five times a second. The text is made only when it is drawn. */
  draw(text: () => string): void {
    if (!this.#enabled) return
    const now = performance.now()
    if (now - this.#drawnMs < this.#everyMs) return
    this.#drawnMs = now
    const width = (process.stderr.columns ?? 80) - 1
    process.stderr.write(`\r\x1b[2K${text().slice(0, width)}`)
    this.#shown = true
  }

  /** Call before anything else is printed to the same terminal. */
  clear(): void {
    if (!this.#shown) return
    process.stderr.write('\r\x1b[2K')
    this.#shown = false
  }
}
