export type Colour = 'green' | 'amber' | 'red' | 'blue' | 'grey' | 'bold'

/** A piece of a line: text without control characters, and what colour it means. */
export interface Segment { readonly text: string, readonly colour?: Colour }

const CODES: Record<Colour, string> = { green: '32', amber: '33', red: '31', blue: '34', grey: '90', bold: '1' }

/** One line. What does not fit into `width` columns is cut off, so that it never wraps. */
export function renderLine(segments: readonly Segment[], colour: boolean, width = Infinity): string {
  let line = ''
  let left = width
  for (const segment of segments) {
    if (left <= 0) break
    const text = segment.text.length <= left ? segment.text : segment.text.slice(0, Math.max(0, left - 1)) + '…'
    left -= text.length
    line += colour && segment.colour !== undefined ? `\x1b[${CODES[segment.colour]}m${text}\x1b[0m` : text
  }
  return colour ? line : line.trimEnd()
}
