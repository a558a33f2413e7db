/** Where the screen goes: standard output, or a recorder. */
export interface Terminal {
  write(text: string): void
  readonly isTTY: boolean
  readonly columns: number
}

/**
 * Lines that scroll, and below them one that is redrawn in place. On anything but a terminal the last one is left out:
 * whoever owns it prints it as a line when it matters.
 */
export class LiveRegion {
  readonly #terminal: Terminal
  #footer = ''
  #drawn = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** In one write with the footer (a new one, where given), so that it does not flicker. Lines carry no newline of their own. */
  print(lines: readonly string[], footer = this.#footer): void {
    if (lines.length === 0) return
    const erase = this.#erase()
    this.#footer = footer
    this.#terminal.write(erase + lines.join('\n') + '\n' + this.#draw())
  }

  /** Must fit into one line of the terminal. */
  setFooter(text: string): void {
    if (!this.#terminal.isTTY || (text === this.#footer && this.#drawn)) return
    const erase = this.#erase()
    this.#footer = text
    this.#terminal.write(erase + this.#draw())
  }

  /** The footer goes; what is printed after it stands in its place. */
  clearFooter(): void {
    const erase = this.#erase()
    this.#footer = ''
    if (erase !== '') this.#terminal.write(erase)
  }

  /** The cursor waits at the end of the footer, with an empty line above it. */
  #draw(): string {
    if (!this.#terminal.isTTY || this.#footer === '') return ''
    this.#drawn = true
    return `\n${this.#footer}`
  }

  #erase(): string {
    if (!this.#drawn) return ''
    this.#drawn = false
    return '\r\x1b[2K\x1b[1A\x1b[J'
  }
}
