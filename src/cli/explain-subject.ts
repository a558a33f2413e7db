import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { recogniseMesh } from '../intercept/explain/mesh-profile.ts'
import { readNamespaceRules, tablesOrThrow } from '../intercept/explain/read-rules.ts'
import { readWorld } from '../intercept/explain/read-world.ts'
import type { Live, LiveProcess, Subject } from '../intercept/explain/subject.ts'
import { parseIptablesSave, sniffSave } from '../intercept/netfilter/iptables-save.ts'
import { Netfilter } from '../intercept/netfilter/netfilter.ts'
import { parseNftJson } from '../intercept/netfilter/nft-json.ts'
import { versionsOf } from '../intercept/netfilter/ruleset.ts'
import type { IpVersion, Table } from '../intercept/netfilter/ruleset.ts'
import { planWorld } from '../intercept/netfilter/world.ts'
import { readMembers } from '../mesh/listeners.ts'
import { readCredentials } from '../mesh/process-credentials.ts'
import { readArguments, readComm, readExe, readNetnsInode } from '../mesh/process-files.ts'
import { isRuntime, isSidecar, ProxyNames } from '../mesh/proxies.ts'
import { ESTABLISHED, readTcpSockets } from '../mesh/sockets.ts'
import { parseAddress } from '../net/address.ts'
import { netnsInode } from '../sys/netns.ts'
import type { ExplainFlags } from './explain.ts'

const POD_ADDRESSES = ['10.0.0.2', 'fd00::2']

export interface ReadSubject { readonly subject: Subject, readonly warnings: readonly string[], readonly place: string, /** The only file that the rules stand in. */ readonly artifact: string | undefined }

/** What the flags name: files, or a namespace with all that is in it. */
export async function readSubject(flags: ExplainFlags): Promise<ReadSubject> {
  const named = [flags.pid, flags.netns, flags.rules].filter((flag) => flag !== undefined)
  if (named.length > 1) throw new MtlscopeError('usage', 'only one of --pid, --netns and --rules', { hint: 'see: mtlscope explain --help' })
  return flags.rules === undefined ? readLive(flags) : readFiles(flags, flags.rules)
}

function readFiles(flags: ExplainFlags, files: readonly string[]): ReadSubject {
  if (files.length === 0) throw new MtlscopeError('usage', '--rules names nothing', { hint: 'see: mtlscope explain --help' })
  const warnings: string[] = []
  const tables = files.flatMap((file) => parseFile(file, warnings))
  const versions = ([4, 6] as const).filter((version) => tables.some((table) => versionsOf(table).includes(version)))
  const addresses = (flags.address ?? POD_ADDRESSES).map((text) => {
    const address = parseAddress(text)
    if (address === undefined) throw new MtlscopeError('bad-filter', `not an address: ${text}`, { hint: 'example: --address 10.0.0.2' })
    return address
  })
  const subject: Subject = { netfilter: new Netfilter(tables), world: planWorld(addresses), mesh: recogniseMesh(tables), versions: versions.length === 0 ? [4] : versions, live: undefined }
  return { subject, warnings, place: files.map((file) => file === '-' ? 'standard input' : basename(file)).join(', '), artifact: files.length === 1 && files[0] !== '-' ? files[0] : undefined }
}

function parseFile(file: string, warnings: string[]): Table[] {
  const text = readText(file)
  const name = file === '-' ? 'standard input' : file
  if (/^\s*\{/.test(text)) {
    const parsed = parseNftJson(text)
    if (parsed.ok && (parsed.foreign ?? []).length > 0) warnings.push(`not modelled, and not asked: ${parsed.foreign!.join(', ')}`)
    return tablesOrThrow(parsed, name)
  }
  const named: IpVersion = /ip6|v6/i.test(basename(file)) ? 6 : 4
  return tablesOrThrow(parseIptablesSave(text, sniffSave(text) ?? { version: named, backend: 'iptables' }), name)
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw new MtlscopeError('cannot-read', `cannot read ${file}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`, { cause, facts: { path: file } })
  }
}

async function readLive(flags: ExplainFlags): Promise<ReadSubject> {
  if (flags.pid !== undefined && !/^[1-9]\d{0,9}$/.test(flags.pid)) throw new MtlscopeError('usage', `not a process number: ${flags.pid}`, { hint: 'example: mtlscope explain --pid 4121' })
  if (flags.netns !== undefined && (flags.netns === '' || flags.netns.includes('/'))) throw new MtlscopeError('usage', `not the name of a namespace: ${flags.netns}`, { hint: 'see: ip netns' })
  const path = flags.netns === undefined ? `${flags.procfs}/${flags.pid ?? 'self'}/ns/net` : `/run/netns/${flags.netns}`
  const inode = netnsInode(path)
  const [{ tables, warnings }, world] = await Promise.all([readNamespaceRules(path), readWorld(path)])
  const live = readProcesses(flags.procfs, inode)
  const subject: Subject = { netfilter: new Netfilter(tables), world, mesh: recogniseMesh(tables), versions: familiesOf(world, tables), live }
  return { subject, warnings, place: flags.netns ?? (flags.pid === undefined ? 'this namespace' : `pid ${flags.pid}`), artifact: undefined }
}

/** Without an address of its own nothing of that family leaves or arrives. */
function familiesOf(world: Subject['world'], tables: readonly Table[]): IpVersion[] {
  const has = (version: IpVersion): boolean => world.interfaces.some(({ name, addresses }) => name !== 'lo' && addresses.some((address) => address.version === version && (version === 4 || address.words[0] >>> 22 !== 0x3fa)))
  const found = ([4, 6] as const).filter(has)
  return found.length > 0 ? found : tables.length > 0 ? [4, 6] : [4]
}

function readProcesses(procfs: string, inode: number): Live {
  const names = new ProxyNames([])
  const pids = readMembers(procfs).get(inode) ?? []
  const processes = pids.flatMap((pid) => readProcess(procfs, pid, names) ?? [])
  const sockets = pids.length === 0 ? [] : readSockets(procfs, pids[0]!)
  return { processes, connections: sockets, isHost: readHostInode(procfs) === inode }
}

function readSockets(procfs: string, pid: number): Live['connections'] {
  try {
    return readTcpSockets(procfs, pid).sockets.filter(({ state }) => state === ESTABLISHED)
  } catch {
    // It has ended meanwhile: no connection of it is left.
    return []
  }
}

/** That of the first process: the host's, as far as it can be seen from here. */
function readHostInode(procfs: string): number | undefined {
  try {
    return readNetnsInode(procfs, 1)
  } catch {
    return undefined
  }
}

function readProcess(procfs: string, pid: number, names: ProxyNames): LiveProcess | undefined {
  try {
    const credentials = readCredentials(procfs, pid)
    const exe = readExe(procfs, pid)
    const isProxy = names.kindOf(exe) !== undefined && (!isRuntime(exe) || isSidecar(exe, readArguments(procfs, pid))) || isRuntime(exe) && isSidecar(exe, readArguments(procfs, pid))
    // This program looks at the namespace; it is no app in it.
    return credentials === undefined || pid === process.pid ? undefined : { pid, program: readComm(procfs, pid), ...credentials, isProxy }
  } catch {
    // Kernel threads have no executable, and others end meanwhile.
    return undefined
  }
}
