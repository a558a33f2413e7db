import type { WayLine } from './ways.ts'

const TITLES = { in: 'the way in', out: 'the way out' } as const
const SIGNS: Record<WayLine['verdict'], string> = { proxy: '●', clear: '○', stopped: '×', unknown: '?' }
const LEGEND = '● by the proxy   ○ past it   × stopped   ? not known'

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
  return `${[...out, LEGEND].join('\n')}\n`
}

const COLOURS: Record<WayLine['verdict'], string> = { proxy: '#1a7f37', clear: '#cf222e', stopped: '#57606a', unknown: '#9a6700' }
const ROW = 34
const LEFT = 250
const WIDTH = 1000

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** The same as SVG 1.1. */
export function waysSvg(lines: readonly WayLine[], title: string): string {
  const height = 60 + lines.length * ROW + 20
  const rows = lines.map((line, i) => {
    const y = 60 + i * ROW
    const colour = COLOURS[line.verdict]
    return [
      `<g><title>${escape(line.packet)}</title>`,
      `<rect x="20" y="${y}" width="${LEFT - 20}" height="26" rx="5" fill="#f6f8fa" stroke="#d0d7de"/>`,
      `<text x="30" y="${y + 18}">${escape(`${line.direction === 'in' ? '→ ' : ''}${line.who}${line.direction === 'out' ? ' →' : ''}`)}</text>`,
      `<path d="M${LEFT + 4} ${y + 13}H${LEFT + 52}" stroke="${colour}" stroke-width="2"${line.verdict === 'stopped' ? ' stroke-dasharray="4 3"' : ''} marker-end="url(#${line.verdict})"/>`,
      `<text x="${LEFT + 68}" y="${y + 18}" fill="${colour}">${escape(line.ends)}</text></g>`,
    ].join('')
  })
  const markers = Object.entries(COLOURS).map(([name, colour]) => `<marker id="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${colour}"/></marker>`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="ui-monospace, monospace" font-size="13" role="img" aria-label="${escape(title)}">`,
    `<defs>${markers.join('')}</defs>`, `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="32" font-size="16" font-weight="bold">${escape(title)}</text>`, ...rows, '</svg>', '',
  ].join('\n')
}
