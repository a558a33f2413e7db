import type { Readable } from 'node:stream'

/** What the outer program tells the world through standard input. Its end, however it comes about, is the order to end. */
export interface Lifeline {
  /** Width of the terminal; undefined until it was said. */
  readonly columns: number | undefined
  /** Resolves with the end of the stream. */
  readonly cut: Promise<void>
  /** Stops listening, so that the process may end. */
  close(): void
}

export function openLifeline(stream: Readable): Lifeline {
  const state = { columns: undefined as number | undefined, cut: Promise.resolve(), close: () => void stream.destroy() }
  state.cut = new Promise((resolve) => {
    stream.once('end', resolve)
    stream.once('error', resolve)
    stream.once('close', resolve)
  })
  stream.setEncoding('utf8').on('data', (text: string) => {
    const said = /(?:^|\n)columns (\d+)\n$/.exec(text)?.[1]
    if (said !== undefined) state.columns = Number(said)
  })
  return state
}
