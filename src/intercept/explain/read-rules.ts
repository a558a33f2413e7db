import { MtlscopeError } from '../../base/errors.ts'
import { findProgram, run } from '../../sys/exec.ts'
import { parseIptablesSave } from '../netfilter/iptables-save.ts'
import { parseNftJson } from '../netfilter/nft-json.ts'
import type { Backend, IpVersion, Parsed, Table } from '../netfilter/ruleset.ts'

/** Of one listing: some hundred thousand rules. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 20_000
const READINGS = 3

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

/**
 * The rules of a network namespace (a path like `/run/netns/web`), of both backends and both families. They are read until two readings agree:
 * what changes meanwhile is told as a warning. Throws 'bad-rules', 'missing-program' where none of the programs is installed, 'not-permitted', 'child-failed'.
 */
export async function readNamespaceRules(path: string): Promise<NamespaceRules> {
  const present = SOURCES.filter(({ program }) => findProgram(program) !== undefined)
  if (!present.some(({ backend }) => backend !== 'iptables-legacy')) {
    throw new MtlscopeError('missing-program', 'neither nft nor iptables-nft-save is installed', { hint: 'apt-get install nftables iptables; or give the rules as files: --rules' })
  }
  const warnings = SOURCES.filter((source) => !present.includes(source)).map(({ program }) => `${program} is not installed: what only it shows is not seen`)
  let before: string[] = []
  for (let reading = 0; reading < READINGS; reading++) {
    const texts = await Promise.all(present.map((source) => readSource(path, source)))
    const same = reading > 0 && texts.every((text, i) => withoutCounters(text) === withoutCounters(before[i]!))
    before = texts
    if (same) break
    if (reading === READINGS - 1) warnings.push('the rules of the namespace change while they are read: the answer may hold for none of them')
  }
  return { tables: joinTables(present.map((source, i) => parseSource(source, before[i]!))), warnings }
}

async function readSource(path: string, { program, args }: Source): Promise<string> {
  const { code, stdout, stderr } = await run('nsenter', [`--net=${path}`, '--', findProgram(program)!, ...args], { timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_LISTING_BYTES })
  if (code === 0) return stdout
  const last = stderr.trim().split('\n').at(-1) ?? ''
  const denied = /not permitted|permission denied|you must be root/i.test(stderr)
  throw new MtlscopeError(denied ? 'not-permitted' : 'child-failed', `${program} failed: ${last}`, {
    hint: denied ? 'needs CAP_SYS_ADMIN and CAP_NET_ADMIN; try: sudo mtlscope explain' : undefined, facts: { program, path },
  })
}

function withoutCounters(text: string): string {
  return text.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]/g, '').replace(/"(packets|bytes)": \d+/g, '')
}

function parseSource(source: Source, text: string): Table[] {
  if (source.backend === 'nft') return text.trim() === '' ? [] : tablesOrThrow(parseNftJson(text), source.program)
  return tablesOrThrow(parseIptablesSave(text, source), source.program)
}

/** Throws 'bad-rules' that names the place, as `name:line:column`. */
export function tablesOrThrow(parsed: Parsed, name: string): Table[] {
  if (parsed.ok) return parsed.tables
  const { line, column, what, hint } = parsed.problem
  throw new MtlscopeError('bad-rules', `${name}:${line}:${column}: ${what}`, { hint, facts: { name, line, column } })
}

/** nft shows the tables of iptables-nft, too, with what matters left out: those that iptables-nft-save has shown are taken from there. */
export function joinTables(lists: readonly Table[][]): Table[] {
  const all = lists.flat()
  const shown = new Set(all.filter(({ backend }) => backend === 'iptables-nft').map(({ family, name }) => `${family} ${name}`))
  return all.filter((table) => table.backend !== 'nft' || !shown.has(`${table.family} ${table.name}`))
}
