import { readdirSync, readlinkSync } from 'node:fs'
import { displayName } from './display-name.ts'
import { pidsOf, readComm, readExe, readNetnsInode } from './process-files.ts'
import { baseName } from './proxies.ts'
import { LISTEN, readTcpSockets } from './sockets.ts'

/** Descriptors that are looked at in one search, over all processes: some 100 ms. */
const MAX_DESCRIPTORS = 32_768
const UNKNOWN = -1
/** What Node calls its main thread, whatever it runs. */
const NODE_THREAD = /^(node-)?MainThread$/

export interface Listener {
  readonly pid: number
  /** Name of the process, fit for a terminal: the title that it gave itself, else its executable. */
  readonly comm: string
}

/**
 * Who listens on which TCP port in the network namespace of that process. Ports whose process cannot be found are left out;
 * of several processes that share a socket it is the one of the lowest pid, pid 1 last (it may have opened it for another).
 * Reads the descriptors of every process in the namespace: not for every poll. Throws what node:fs throws for `pid` itself.
 * `members`: those of readMembers, where several namespaces are asked about at once.
 */
export function readListeners(procfs: string, pid: number, members = readMembers(procfs)): Map<number, Listener> {
  const wanted = new Map<number, number>()
  for (const socket of readTcpSockets(procfs, pid).sockets) {
    if (socket.state === LISTEN && socket.inode > 0) wanted.set(socket.inode, socket.localPort)
  }
  const owners = findOwners(procfs, members.get(readNetnsInode(procfs, pid) ?? UNKNOWN) ?? [], new Set(wanted.keys()))
  const listeners = new Map<number, Listener>()
  for (const [inode, port] of wanted) {
    const owner = owners.get(inode)
    if (owner !== undefined && !listeners.has(port)) listeners.set(port, { pid: owner, comm: programName(procfs, owner) })
  }
  return listeners
}

/** Socket number → pid of the process that holds it, among `pids` in their order. Looks at so many descriptors and no more. */
export function findOwners(procfs: string, pids: readonly number[], inodes: ReadonlySet<number>): Map<number, number> {
  const owners = new Map<number, number>()
  let left = MAX_DESCRIPTORS
  for (const pid of pids) {
    for (const fd of entriesOf(`${procfs}/${pid}/fd`)) {
      if (owners.size === inodes.size || left-- <= 0) return owners
      const inode = socketInode(`${procfs}/${pid}/fd/${fd}`)
      if (inode !== undefined && inodes.has(inode) && !owners.has(inode)) owners.set(inode, pid)
    }
  }
  return owners
}

/** Processes by the number of their network namespace: lowest pid first, pid 1 last. One look at every process. */
export function readMembers(procfs: string): Map<number, number[]> {
  const members = new Map<number, number[]>()
  const pids = pidsOf(readdirSync(procfs)).sort((a, b) => (a === 1 ? Infinity : a) - (b === 1 ? Infinity : b))
  for (const pid of pids) {
    const inode = netnsOf(procfs, pid)
    if (inode === UNKNOWN) continue
    const group = members.get(inode)
    if (group === undefined) members.set(inode, [pid])
    else group.push(pid)
  }
  return members
}

/** UNKNOWN where it cannot be read. */
function netnsOf(procfs: string, pid: number): number {
  try {
    return readNetnsInode(procfs, pid) ?? UNKNOWN
  } catch {
    return UNKNOWN
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function socketInode(path: string): number | undefined {
  try {
    const match = /^socket:\[(\d{1,15})\]$/.exec(readlinkSync(path))
    return match === null ? undefined : Number(match[1])
  } catch {
    return undefined
  }
}

function programName(procfs: string, pid: number): string {
  let comm = ''
  let exe = ''
  try {
    comm = readComm(procfs, pid)
    exe = baseName(readExe(procfs, pid))
  } catch {
    // It has ended, or is another user's: what could be read names it.
  }
  // A name that was cut to 15 bytes, and one that says nothing.
  if (exe !== '' && (NODE_THREAD.test(comm) || exe.startsWith(comm))) comm = exe
  return displayName(comm) ?? `pid-${pid}`
}
