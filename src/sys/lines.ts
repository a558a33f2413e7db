import type { Readable } from 'node:stream'

/** Longest line that is kept; what is longer arrives cut into pieces of this size. */
const MAX_LINE = 64 * 1024

/** Calls back for each line of a stream of UTF-8, without its newline; what follows the last newline is dropped. */
export function onLines(stream: Readable, line: (text: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const pieces = (rest + text).split('\n')
    rest = pieces.pop() ?? ''
    for (const piece of pieces) line(piece)
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) line(rest.slice(0, MAX_LINE))
  })
}
