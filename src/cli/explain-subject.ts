import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { cannotRead } from '../base/file-errors.ts'
import { recogniseMesh } from '../intercept/explain/mesh-profile.ts'
import { readNamespace } from '../intercept/explain/read-namespace.ts'
import { tablesOrThrow } from '../intercept/explain/read-rules.ts'
import type { Live, LiveProcess, Subject } from '../intercept/explain/subject.ts'
import { parseIptablesSave, sniffSave } from '../intercept/netfilter/iptables-save.ts'
import { MAX_TEXT_LENGTH } from '../intercept/netfilter/limits.ts'
import { Netfilter } from '../intercept/netfilter/netfilter.ts'
import { parseNftJson } from '../intercept/netfilter/nft-json.ts'
import { versionsOf } from '../intercept/netfilter/ruleset.ts'
import type { IpVersion, Table } from '../intercept/netfilter/ruleset.ts'
import { planWorld } from '../intercept/netfilter/world.ts'
import type { Socket, World } from '../intercept/netfilter/world.ts'
import { parsePodCgroup } from '../kube/pod-cgroup.ts'
import { readMembers } from '../mesh/listeners.ts'
import { readCredentials } from '../mesh/process-credentials.ts'
import { readArguments, readComm, readExe, readNetnsInode, readStart } from '../mesh/process-files.ts'
import { kindOfProcess } from '../mesh/process-kind.ts'
import { baseName, ProxyNames } from '../mesh/proxies.ts'
import { ESTABLISHED, readTcpSockets } from '../mesh/sockets.ts'
import { parseAddress } from '../net/address.ts'
import type { ExplainFlags } from './explain.ts'

const CHUNK_BYTES = 1024 * 1024
const RETRY_MS = 10
const MAX_CGROUP_BYTES = 64 * 1024
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
    return file === '-' ? readUpTo(0, 'standard input') : readOpened(file)
  } catch (cause) {
    if (cause instanceof MtlscopeError) throw cause
    throw cannotRead(file, cause)
  }
}

function readOpened(path: string): string {
  const fd = openSync(path, 'r')
  try {
    return readUpTo(fd, path)
  } finally {
    closeSync(fd)
  }
}

/** What lies at the path may be a pipe, or have no end. */
function readUpTo(fd: number, name: string): string {
  const chunks: Buffer[] = []
  for (let left = MAX_TEXT_LENGTH; left >= 0;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const size = readSome(fd, chunk)
    if (size === 0) return Buffer.concat(chunks).toString('utf8')
    chunks.push(chunk.subarray(0, size))
    left -= size
  }
  throw new MtlscopeError('bad-rules', `${name} is larger than ${MAX_TEXT_LENGTH} bytes`, { hint: 'read one namespace at a time', facts: { name } })
}

/** A pipe that another program made non-blocking is waited for, too. */
function readSome(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

async function readLive(flags: ExplainFlags): Promise<ReadSubject> {
  if (flags.pid !== undefined && !/^[1-9]\d{0,9}$/.test(flags.pid)) throw new MtlscopeError('usage', `not a process number: ${flags.pid}`, { hint: 'example: mtlscope explain --pid 4121' })
  if (flags.netns !== undefined && (flags.netns === '' || flags.netns.includes('/'))) throw new MtlscopeError('usage', `not the name of a namespace: ${flags.netns}`, { hint: 'see: ip netns' })
  const path = flags.netns === undefined ? `${flags.procfs}/${flags.pid ?? 'self'}/ns/net` : `/run/netns/${flags.netns}`
  const { tables, world, inode, warnings } = await readNamespace(path)
  const live = readProcesses(flags.procfs, inode)
  const subject: Subject = { netfilter: new Netfilter(tables), world: withOwners(world, live), mesh: recogniseMesh(tables), versions: familiesOf(world, tables), live }
  return { subject, warnings, place: flags.place ?? flags.netns ?? (flags.pid === undefined ? 'this namespace' : `pid ${flags.pid}`), artifact: undefined }
}

/** A socket keeps the uid of the moment when it was opened; who listens is what its process is now: most proxies begin as root. */
function withOwners(world: World, { processes }: Live): World {
  const byPid = new Map(processes.map((process) => [process.pid, process]))
  const listeners = world.listeners?.map((socket): Socket => {
    const owner = socket.pid === undefined ? undefined : byPid.get(socket.pid)
    return owner === undefined ? socket : { ...socket, uid: owner.uid, program: owner.program }
  })
  return { ...world, listeners }
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
    const isProxy = kindOfProcess(procfs, pid, exe, names) !== undefined
    // This program looks at the namespace; it is no app in it.
    return credentials === undefined || pid === process.pid ? undefined : { pid, program: programOf(procfs, pid, exe), ...credentials, isProxy, pod: parsePodCgroup(readStart(`${procfs}/${pid}/cgroup`, MAX_CGROUP_BYTES).bytes.toString('latin1'))?.podUid }
  } catch {
    // Kernel threads have no executable, and others end meanwhile.
    return undefined
  }
}

/** TASK_COMM_LEN without its end: what is longer the kernel cuts. */
const MAX_COMM = 15

function programOf(procfs: string, pid: number, exe: string): string {
  const comm = readComm(procfs, pid)
  // Node calls its main thread so, whatever it runs.
  if (/^(node-)?MainThread$/.test(comm)) return baseName(exe)
  if (comm.length < MAX_COMM) return comm
  return [readArguments(procfs, pid)[0] ?? '', exe].map(baseName).find((name) => name.startsWith(comm)) ?? comm
}
