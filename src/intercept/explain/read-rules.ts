import { MtlscopeError } from '../../base/errors.ts'
import { findProgram } from '../../sys/exec.ts'
import { runInside } from '../../sys/run-inside.ts'
import { parseIptablesSave } from '../netfilter/iptables-save.ts'
import { RuleMemory } from '../netfilter/rule-memory.ts'
import { parseNftJson } from '../netfilter/nft-json.ts'
import type { Backend, IpVersion, Parsed, Table } from '../netfilter/ruleset.ts'

/** Of one listing: some hundred thousand rules. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 20_000

interface Source { readonly program: string, readonly args: readonly string[], readonly version: IpVersion, readonly backend: Backend }

const SOURCES: readonly Source[] = [
  { program: 'iptables-nft-save', args: [], version: 4, backend: 'iptables-nft' },
  { program: 'ip6tables-nft-save', args: [], version: 6, backend: 'iptables-nft' },
  { program: 'iptables-legacy-save', args: [], version: 4, backend: 'iptables-legacy' },
  { program: 'ip6tables-legacy-save', args: [], version: 6, backend: 'iptables-legacy' },
  { program: 'nft', args: ['-j', 'list', 'ruleset'], version: 4, backend: 'nft' },
]

export interface NamespaceRules {
  readonly tables: Table[]
  readonly warnings: string[]
}

/** What each program wrote at one time. */
export interface Listing { readonly sources: readonly Source[], readonly texts: readonly string[] }

/** One reading of the rules of a network namespace (a path like `/run/netns/web`), of both backends and both families. Throws as readNamespace does. */
export async function readListing(path: string): Promise<Listing> {
  const sources = SOURCES.filter(({ program }) => findProgram(program) !== undefined)
  if (!sources.some(({ backend }) => backend !== 'iptables-legacy')) {
    throw new MtlscopeError('missing-program', 'neither nft nor iptables-nft-save is installed', { hint: 'apt-get install nftables iptables; or give the rules as files: --rules' })
  }
  return { sources, texts: await Promise.all(sources.map((source) => readSource(path, source))) }
}

/** But for counters and clocks. */
export function sameListing(a: Listing, b: Listing): boolean {
  return a.texts.length === b.texts.length && a.texts.every((text, i) => text === b.texts[i] || withoutCounters(text) === withoutCounters(b.texts[i]!))
}

/** Throws 'bad-rules', which names the program, line and column. */
export function parseListing({ sources, texts }: Listing): NamespaceRules {
  const missing = SOURCES.filter((source) => !sources.includes(source)).map(({ program }) => `${program} is not installed: what only it shows is not seen`)
  const memory = new RuleMemory()
  const lists = sources.map((source, i) => parseSource(source, texts[i]!, memory))
  return { tables: joinTables(lists.map(({ tables }) => tables)), warnings: [...missing, ...lists.flatMap(({ foreign }) => foreign)] }
}

async function readSource(path: string, { program, args }: Source): Promise<string> {
  const { code, stdout, stderr } = await runInside(path, findProgram(program)!, args, { timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_LISTING_BYTES })
  if (code === 0) return stdout
  const last = stderr.trim().split('\n').at(-1) ?? ''
  const denied = /not permitted|permission denied|you must be root/i.test(stderr)
  throw new MtlscopeError(denied ? 'not-permitted' : 'child-failed', `${program} failed: ${last}`, {
    hint: denied ? 'needs CAP_SYS_ADMIN and CAP_NET_ADMIN; try: sudo mtlscope explain' : undefined, facts: { program, path },
  })
}

function withoutCounters(text: string): string {
  return text.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]/g, '').replace(/"(packets|bytes|expires)": \d+/g, '')
}

function parseSource(source: Source, text: string, memory: RuleMemory): { tables: Table[], foreign: string[] } {
  if (source.backend !== 'nft') return { tables: tablesOrThrow(parseIptablesSave(text, source, memory), source.program), foreign: [] }
  if (text.trim() === '') return { tables: [], foreign: [] }
  const parsed = parseNftJson(text)
  const foreign = parsed.ok ? parsed.foreign ?? [] : []
  return { tables: tablesOrThrow(parsed, source.program), foreign: foreign.length === 0 ? [] : [`not modelled, and not asked: ${foreign.join(', ')}`] }
}

/** Throws 'bad-rules' that names the place, as `name:line:column`. */
export function tablesOrThrow(parsed: Parsed, name: string): Table[] {
  if (parsed.ok) return parsed.tables
  const { line, column, what, hint } = parsed.problem
  throw new MtlscopeError('bad-rules', `${name}:${line}:${column}: ${what}`, { hint, facts: { name, line, column } })
}

/** nft shows the tables of iptables-nft, too, with what matters left out: those that iptables-nft-save has shown are taken from there. */
function joinTables(lists: readonly Table[][]): Table[] {
  const all = lists.flat()
  const shown = new Set(all.filter(({ backend }) => backend === 'iptables-nft').map(({ family, name }) => `${family} ${name}`))
  return all.filter((table) => table.backend !== 'nft' || !shown.has(`${table.family} ${table.name}`))
}
