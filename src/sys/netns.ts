import { closeSync, constants, openSync, readdirSync, statSync, statfsSync, writeSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { nearestName } from '../base/nearest.ts'
import { callFailed, errnoName, errnoOf } from './errno.ts'
import { abort, errno, setns, unshare } from './libc.ts'

const CLONE_NEWNET = 0x4000_0000
/** statfs(2): the file system that namespaces are files of. */
const NSFS_MAGIC = 0x6e73_6673
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ELOOP', 'ENAMETOOLONG'])

/**
 * Opens a network namespace: `/proc/PID/ns/net` or `/run/netns/NAME`. The caller closes the descriptor, which keeps the
 * namespace alive when its last process is gone.
 * Throws 'no-such-namespace' (also when the process died meanwhile) and 'not-permitted'.
 */
export function openNetns(path: string): number {
  let fd = -1
  try {
    // O_NONBLOCK: whatever lies at the path, opening it must not wait.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (statfsSync(`/proc/self/fd/${fd}`).type === NSFS_MAGIC) return fd
  } catch (cause) {
    if (fd >= 0) closeSync(fd)
    throw cannotOpen(path, cause)
  }
  closeSync(fd)
  throw new MtlscopeError('no-such-namespace', `${path} is not a network namespace`, { facts: { path } })
}

/**
 * Runs `fn` with the calling thread inside the namespace. Sockets that it opens stay there; everything else must be
 * over when it returns, so `fn` may not be async. Other threads are not moved.
 * If the thread cannot be brought back the process is aborted: anything it did later would happen in the wrong place.
 */
export function withNetns<T>(fd: number, fn: () => T): T {
  return elsewhere(() => enter(fd), () => {
    const result = fn()
    if (result instanceof Promise) throw new TypeError('withNetns: the function must not be async')
    return result
  })
}

/** A new, empty namespace that lives as long as its descriptor (or something in it) does. The calling thread stays where it is. */
export function makeNetns(): number {
  return elsewhere(() => {
    if (unshare(CLONE_NEWNET) !== 0) throw callFailed({ doing: 'make a network namespace', call: 'unshare', errno: errnoName(errno()), needs: 'CAP_SYS_ADMIN' })
  }, () => openNetns('/proc/thread-self/ns/net'))
}

/** Moves the thread (`move` throws where that is refused), runs `fn`, and brings the thread back. */
function elsewhere<T>(move: () => void, fn: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', constants.O_RDONLY)
  try {
    move()
    try {
      return fn()
    } finally {
      if (setns(home, CLONE_NEWNET) !== 0) endProcess(errnoName(errno()))
    }
  } finally {
    closeSync(home)
  }
}

function enter(fd: number): void {
  if (setns(fd, CLONE_NEWNET) !== 0) throw cannotEnter(errnoName(errno()))
}

function endProcess(why: string): void {
  writeSync(2, `mtlscope: error: cannot leave a network namespace: ${why}\n`)
  abort()
}

/** What a namespace is known by: two paths with the same number are the same namespace. Throws as openNetns does. */
export function netnsInode(path: string): number {
  try {
    return statSync(path).ino
  } catch (cause) {
    throw cannotOpen(path, cause)
  }
}

function cannotEnter(name: string): MtlscopeError {
  if (name === 'EINVAL') return new MtlscopeError('no-such-namespace', 'this namespace is not one of networks', { facts: { errno: name } })
  return callFailed({ doing: 'enter a network namespace', call: 'setns', errno: name, needs: 'CAP_SYS_ADMIN' })
}

function cannotOpen(path: string, cause: unknown): MtlscopeError {
  const name = errnoOf(cause) ?? 'unknown'
  const what = describe(path)
  if (GONE.has(name)) return new MtlscopeError('no-such-namespace', `there is no ${what}`, { hint: hintFor(path), cause, facts: { path, errno: name } })
  return callFailed({ doing: `open the ${what}`, call: 'open', errno: name, needs: 'CAP_SYS_PTRACE', facts: { path }, cause })
}

/** `network namespace of pid 4121`, `network namespace web`. */
function describe(path: string): string {
  const pid = /\/(\d+)\/ns\/net$/.exec(path)?.[1]
  const name = /\/netns\/([^/]*)$/.exec(path)?.[1]
  return `network namespace ${pid !== undefined ? `of pid ${pid}` : name ?? path}`
}

function hintFor(path: string): string | undefined {
  const split = /^(.*\/netns)\/([^/]*)$/.exec(path)
  if (split === null) return /\/\d+\/ns\/net$/.test(path) ? 'the process may have ended' : undefined
  const names = namesIn(split[1])
  const near = nearestName(split[2], names)
  if (near !== undefined) return `did you mean ${near}?`
  return names.length > 0 ? `there are: ${names.slice(0, 20).join(', ')}` : 'no named network namespaces here; see: ip netns'
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
