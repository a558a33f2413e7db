import { existsSync, readFileSync } from 'node:fs'
import { ROOT, filesOf } from './checkout.ts'

/** Bounds that lie beside what they bound instead of in a `limits.ts`. */
const ELSEWHERE = ['src/protocols/detection-buffer.ts', 'src/protocols/conversation-nested.ts', 'src/net/capture-handlers.ts']
/** Which page says what happens at the limits of a folder. */
const PAGES: Readonly<Record<string, string>> = { http: 'bodies', protobuf: 'grpc', sql: 'postgres', net: 'README', protocols: 'README' }
const CONSTANT = /(?:\/\*\*\s((?:[^*]|\*(?!\/))*)\*\/\n)?export const ([A-Z][A-Z0-9_]+)(?:: number)? = /g
const MIB = 1024 * 1024

export interface Limit {
  readonly name: string
  readonly value: number
  /** What is bounded: the comment above it, or above the one it is said together with. */
  readonly what: string
  /** What happens when it is reached, as its page says. */
  readonly consequence: string | undefined
}

export interface LimitGroup { readonly file: string, readonly page: string | undefined, readonly limits: readonly Limit[] }

/** The limits of every protocol and of what all share, from the sources and the pages. */
export async function limitGroups(): Promise<LimitGroup[]> {
  const files = [...filesOf('src/protocols/*/limits.ts'), ...ELSEWHERE]
  return await Promise.all(files.map(async (file) => {
    const folder = file.split('/').at(-2)!
    const page = `docs/protocols/${PAGES[folder] ?? folder}.md`
    const known = existsSync(ROOT + page) ? page : undefined
    return { file, page: known, limits: await limitsOf(file, known) }
  }))
}

async function limitsOf(file: string, page: string | undefined): Promise<Limit[]> {
  const values = await import(ROOT + file) as Record<string, unknown>
  const consequences = page === undefined ? new Map<string, string>() : consequencesOf(readFileSync(ROOT + page, 'utf8'))
  let what = ''
  return [...readFileSync(ROOT + file, 'utf8').matchAll(CONSTANT)].flatMap(([, comment, name]) => {
    if (comment !== undefined) what = comment.replaceAll(/\s*\n \* ?/g, ' ').trim()
    const value = values[name!]
    return typeof value === 'number' ? [{ name: name!, value, what: comment === undefined ? `${what} (likewise)` : what, consequence: consequences.get(name!) }] : []
  })
}

/** Rows of tables that name constants in their second column: what happens stands in the last. */
function consequencesOf(markdown: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of markdown.split('\n')) {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
    if (cells.length < 3) continue
    for (const [, name] of cells[1]!.matchAll(/`([A-Z][A-Z0-9_]+)`/g)) found.set(name!, cells.at(-1)!)
  }
  return found
}

function figure({ name, value }: Limit): string {
  if (/_BYTES/.test(name) && value >= 1024 && value % 1024 === 0) return value % MIB === 0 ? `${grouped(value / MIB)} MiB` : `${grouped(value / 1024)} KiB`
  if (name.endsWith('_MICROS')) return `${value / 1e6} s`
  return grouped(value)
}

function grouped(value: number): string {
  return Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : String(value)
}

/** Links of a page of docs/protocols/, as they read from docs/. */
function fromDocs(text: string): string {
  return text.replace(/\]\((?!https?:|\.\.)([^)]+)\)/g, '](protocols/$1)').replaceAll('](../', '](')
}

export async function renderLimits(): Promise<string> {
  const sections = (await limitGroups()).map(({ file, page, limits }) => {
    const title = file.endsWith('limits.ts') ? file.split('/').at(-2)! : file.replace(/^src\//, '')
    const rows = limits.map((limit) => `| \`${limit.name}\` | ${figure(limit)} | ${limit.what} | ${limit.consequence === undefined ? '' : fromDocs(limit.consequence)} |`)
    const link = page?.replace(/^docs\//, '')
    const where = link === undefined ? '' : ` See [${link}](${link}).`
    return `## ${title}\n\n[${file}](../${file}).${where}\n\n| constant | value | what it bounds | what happens at it |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Limits\n\nWritten by \`npm run docs\` from the named constants in the sources and the pages of the protocols. Peers may send anything, so everything that could grow has a bound. None of them stops the reading of other
connections; where one changes what is shown, a note of the message or a count in \`health\` says so. The last column is empty where nothing is given up: what is beyond is counted, or is another protocol's.
Bounds of flows and floods stand in [protocols/README.md](protocols/README.md#floods).\n\n${sections.join('\n')}`
}
