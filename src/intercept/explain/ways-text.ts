import type { WayLine } from './ways.ts'
import { xmlText } from './xml-text.ts'

const TITLES = { in: 'the way in', out: 'the way out' } as const
const SIGNS: Record<WayLine['verdict'], string> = { proxy: '●', own: '◆', clear: '○', stopped: '×', unknown: '?' }
const LEGEND = '● by the proxy   ◆ of the proxy itself   ○ past it   × stopped   ? not known'

/** The ways as a picture of box drawing: who on the left, where it ends on the right. */
export function waysText(lines: readonly WayLine[], title: string): string {
  const width = Math.max(12, ...lines.map(({ who }) => who.length))
  const ends = Math.max(20, ...lines.map((line) => line.ends.length))
  const out = [title, '']
  for (const direction of ['in', 'out'] as const) {
    const mine = lines.filter((line) => line.direction === direction)
    if (mine.length === 0) continue
    out.push(TITLES[direction], `┌${'─'.repeat(width + 2)}┐     ┌${'─'.repeat(ends + 2)}┐`)
    for (const { who, ends: end, verdict } of mine) out.push(`│ ${who.padEnd(width)} ├──${SIGNS[verdict]}─►│ ${end.padEnd(ends)} │`)
    out.push(`└${'─'.repeat(width + 2)}┘     └${'─'.repeat(ends + 2)}┘`, '')
  }
  if (lines.length === 0) out.push('no way in or out: there is no address but the loopback\'s, and no route', '')
  return `${[...out, LEGEND].join('\n')}\n`
}

const COLOURS: Record<WayLine['verdict'], { readonly line: string, readonly fill: string, readonly means: string }> = {
  proxy: { line: '#1a7f37', fill: '#dafbe1', means: 'by the proxy' }, own: { line: '#0969da', fill: '#ddf4ff', means: 'of the proxy itself' },
  clear: { line: '#cf222e', fill: '#ffebe9', means: 'past the proxy' }, stopped: { line: '#57606a', fill: '#f6f8fa', means: 'stopped' }, unknown: { line: '#9a6700', fill: '#fff8c5', means: 'not known' },
}
const VERDICTS = Object.keys(COLOURS) as WayLine['verdict'][]
const ROW = 34
/** Of one character: a little more than any monospaced font of this size has. */
const CHARACTER = 8.2
const MARGIN = 20
const ARROW = 60

interface Place { readonly left: number, readonly right: number, readonly endsWidth: number }

/** The same as SVG 1.1, as wide as its texts are. */
export function waysSvg(lines: readonly WayLine[], title: string): string {
  const widest = (texts: readonly string[]): number => Math.ceil(Math.max(...texts.map((text) => text.length), 10) * CHARACTER) + 20
  const left = widest(lines.map(({ who }) => who))
  const place: Place = { left, right: MARGIN + left + ARROW, endsWidth: widest(lines.map(({ ends }) => ends)) }
  const width = Math.max(place.right + place.endsWidth + MARGIN, Math.ceil(title.length * 10.2) + 2 * MARGIN, 640)
  const out: string[] = []
  let y = 64
  for (const direction of ['in', 'out'] as const) {
    const mine = lines.filter((line) => line.direction === direction)
    if (mine.length === 0) continue
    out.push(`<text x="${MARGIN}" y="${y + 6}" font-weight="bold" fill="#57606a">${TITLES[direction]}</text>`)
    y += 18
    for (const line of mine) {
      out.push(rowSvg(line, y, place))
      y += ROW
    }
    y += 26
  }
  return svgOf(title, width, y + 18, [...out, legendSvg(y)])
}

function rowSvg({ who, ends, verdict, packet }: WayLine, y: number, { left, right, endsWidth }: Place): string {
  const { line, fill } = COLOURS[verdict]
  return [
    `<g><title>${xmlText(packet)}</title>`,
    `<rect x="${MARGIN}" y="${y}" width="${left}" height="26" rx="5" fill="#f6f8fa" stroke="#d0d7de"/>`, `<text x="${MARGIN + 10}" y="${y + 18}">${xmlText(who)}</text>`,
    `<path d="M${MARGIN + left + 4} ${y + 13}H${right - 6}" stroke="${line}" stroke-width="2"${verdict === 'stopped' ? ' stroke-dasharray="4 3"' : ''} marker-end="url(#${verdict})"/>`,
    `<rect x="${right}" y="${y}" width="${endsWidth}" height="26" rx="5" fill="${fill}" stroke="${line}" stroke-opacity=".4"/>`, `<text x="${right + 10}" y="${y + 18}" fill="${line}">${xmlText(ends)}</text></g>`,
  ].join('')
}

function legendSvg(y: number): string {
  let x = MARGIN
  return VERDICTS.map((verdict) => {
    const { line, fill, means } = COLOURS[verdict]
    const text = `<rect x="${x}" y="${y - 11}" width="14" height="14" rx="3" fill="${fill}" stroke="${line}"/><text x="${x + 20}" y="${y}" fill="#57606a">${means}</text>`
    x += 40 + Math.ceil(means.length * CHARACTER)
    return text
  }).join('')
}

function svgOf(title: string, width: number, height: number, body: readonly string[]): string {
  const markers = VERDICTS.map((name) => `<marker id="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="${COLOURS[name].line}"/></marker>`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="13" role="img" aria-label="${xmlText(title)}">`,
    `<defs>${markers.join('')}</defs>`, `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="32" font-size="16" font-weight="bold">${xmlText(title)}</text>`, ...body, '</svg>', '',
  ].join('\n')
}
