import type { Readable } from 'node:stream'
import type { ViewerPlace } from './viewer.ts'

/** What the outer program tells the world through standard input. Its end, however it comes about, is the order to end. */
export interface Lifeline {
  /** Width of the terminal; undefined until it was said. */
  readonly columns: number | undefined
  /** Resolves when it was said where the viewer is, or with nothing at the end of the stream. */
  readonly viewer: Promise<ViewerPlace>
  /** Resolves with the end of the stream. */
  readonly cut: Promise<void>
  /** Stops listening, so that the process may end. */
  close(): void
}

export function openLifeline(stream: Readable): Lifeline {
  let tell: (place: ViewerPlace) => void = () => {}
  const viewer = new Promise<ViewerPlace>((resolve) => { tell = resolve })
  const state = { columns: undefined as number | undefined, viewer, cut: Promise.resolve(), close: () => void stream.destroy() }
  state.cut = new Promise((resolve) => {
    stream.once('end', resolve)
    stream.once('error', resolve)
    stream.once('close', resolve)
  })
  void state.cut.then(() => tell({}))
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const [, word, value] = /^(columns|viewer) (.+)$/.exec(line) ?? []
      if (word === 'columns' && /^\d+$/.test(value!)) state.columns = Number(value)
      else if (word === 'viewer') tell(JSON.parse(value!) as ViewerPlace)
    }
  })
  return state
}
