import type { Terminal } from './live-region.ts'

/**
 * Standard output as the screen wants it. `closed` resolves when nobody reads any more: the terminal is gone, or the
 * reader of a pipe; nothing is written after that.
 */
export interface OutputTerminal extends Terminal { readonly closed: Promise<void> }

/** `columns` is asked for, because the terminal's own size signal does not reach a session of its own. */
export function openTerminal(stream: NodeJS.WriteStream, columns: () => number): OutputTerminal {
  let open = true
  const closed = new Promise<void>((resolve) => stream.on('error', () => {
    open = false
    resolve()
  }))
  return {
    closed,
    isTTY: stream.isTTY === true,
    get columns() { return columns() },
    write(text) { if (open) stream.write(text) },
  }
}
