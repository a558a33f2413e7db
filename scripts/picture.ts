import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { startProcess } from '../src/sys/spawn.ts'

/**
 * Makes docs/demo.svg from a real run of the demo: `node scripts/picture.ts`. The run gets a terminal (script, of
 * bsdutils), what it writes there is played onto a grid, and the grid is drawn.
 */
const TARGET = new URL('../docs/demo.svg', import.meta.url)
const COLUMNS = 118
const REQUESTS = 22
const TIMEOUT_MS = 60_000

interface Cell { text: string, colour: string }

const CELL_WIDTH = 8.4
const LINE_HEIGHT = 20
const FONT_SIZE = 14
const PADDING = 20
const TITLE_HEIGHT = 36
const TEXT = '#d7dde5'
/** On #10151c each has a contrast above 4.5 (WCAG AA). */
const COLOURS: Record<string, string> = { 31: '#ff7b72', 32: '#56d364', 33: '#e3b341', 34: '#79c0ff', 90: '#8b96a5', 1: '#ffffff' }

/** The lines that stand on the terminal after all of `output` was written; only the sequences that the demo uses. */
export function playTerminal(output: string): Cell[][] {
  const lines: Cell[][] = [[]]
  let row = 0
  let column = 0
  let colour = TEXT
  // eslint-disable-next-line no-control-regex
  for (const [token, sequence, argument = '', command] of output.matchAll(/(\x1b\[)([\d;]*)([A-Za-z])|[^]/gu)) {
    if (sequence !== undefined) {
      if (command === 'm') colour = COLOURS[argument] ?? TEXT
      else if (command === 'A') row = Math.max(0, row - Number(argument || 1))
      else if (command === 'K') lines[row] = []
      else if (command === 'J') { lines.length = row + 1; lines[row]!.length = Math.min(lines[row]!.length, column) }
    } else if (token === '\n') {
      row++
      lines[row] ??= []
    } else if (token === '\r') {
      column = 0
    } else {
      while (lines[row]!.length < column) lines[row]!.push({ text: ' ', colour: TEXT })
      lines[row]![column++] = { text: token, colour }
    }
  }
  return lines
}

export function drawSvg(lines: readonly (readonly Cell[])[], title: string): string {
  const width = Math.round(COLUMNS * CELL_WIDTH + 2 * PADDING)
  const height = TITLE_HEIGHT + lines.length * LINE_HEIGHT + PADDING
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map((fill, n) => `<circle cx="${PADDING + 4 + n * 20}" cy="18" r="6" fill="${fill}"/>`).join('')
  const rows = lines.map((line, n) => drawLine(line, TITLE_HEIGHT + (n + 1) * LINE_HEIGHT - 5)).filter((row) => row !== '')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">
<rect width="${width}" height="${height}" rx="10" fill="#10151c"/>
${dots}
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace" font-size="${FONT_SIZE}" fill="${TEXT}" xml:space="preserve">
<text x="${width / 2}" y="23" text-anchor="middle" fill="#8b96a5">${escapeXml(title)}</text>
${rows.join('\n')}
</g>
</svg>
`
}

/** Every word has its own place, so that columns stand also where the font is another one. */
function drawLine(line: readonly Cell[], y: number): string {
  const words: string[] = []
  for (let start = 0; start < line.length;) {
    let end = start + 1
    while (end < line.length && line[end]!.colour === line[start]!.colour && !isGap(line, end)) end++
    const text = line.slice(start, end).map((cell) => cell.text).join('')
    if (text.trim() !== '') words.push(drawWord(text, start, line[start]!.colour))
    start = end
  }
  return words.length === 0 ? '' : `<text y="${y}">${words.join('')}</text>`
}

/** Two blanks part words; the next word starts behind them. */
function isGap(line: readonly Cell[], at: number): boolean {
  return line[at - 1]?.text === ' ' && line[at]!.text !== ' ' && line[at - 2]?.text === ' '
}

function drawWord(text: string, column: number, colour: string): string {
  const start = column + text.length - text.trimStart().length
  const x = (PADDING + start * CELL_WIDTH).toFixed(1)
  const word = text.trim()
  const fill = colour === TEXT ? '' : ` fill="${colour}"`
  return `<tspan x="${x}" textLength="${(word.length * CELL_WIDTH).toFixed(1)}" lengthAdjust="spacingAndGlyphs"${fill}>${escapeXml(word)}</tspan>`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** What the demo writes to a terminal of COLUMNS columns. */
async function recordDemo(): Promise<string> {
  const chunks: string[] = []
  const command = `stty cols ${COLUMNS} rows 50; exec ${process.execPath} ${new URL('../src/cli/main.ts', import.meta.url).pathname} demo --utc -c ${REQUESTS}`
  const script = startProcess('script', ['-qefc', command, '/dev/null'], {
    onLine: (line) => chunks.push(line), env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
  })
  const timer = setTimeout(() => script.signal('SIGTERM'), TIMEOUT_MS)
  const { code } = await script.exited
  clearTimeout(timer)
  if (code !== 0) throw new Error(`the demo failed: ${script.lastWords()} ${chunks.join('\n')}`)
  return chunks.join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lines = playTerminal(await recordDemo())
  while (lines.length > 0 && lines.at(-1)!.every((cell) => cell.text === ' ')) lines.pop()
  writeFileSync(TARGET, drawSvg(lines, 'mtlscope demo'))
  process.stdout.write(`${lines.length} lines drawn to docs/demo.svg\n`)
}
