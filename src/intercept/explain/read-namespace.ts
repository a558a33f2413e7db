import { closeSync } from 'node:fs'
import { MtlscopeError } from '../../base/errors.ts'
import { netnsInode, openNetns } from '../../sys/netns.ts'
import type { World } from '../netfilter/world.ts'
import { parseListing, readListing, sameListing } from './read-rules.ts'
import type { Listing, NamespaceRules } from './read-rules.ts'
import { readWorld } from './read-world.ts'

const READINGS = 4

export interface NamespaceReading extends NamespaceRules {
  readonly world: World
  /** Of the namespace that was read. */
  readonly inode: number
}

interface Reading { readonly listing: Listing, readonly world: World }

/**
 * Rules, addresses, routes and listeners of a network namespace (`/proc/4121/ns/net`, `/run/netns/web`). It is held while it is read, so that all is of one
 * namespace even where the process ends or another one gets its number; it is read until two readings agree. What changed all the same is told in `warnings`.
 * Throws 'no-such-namespace', 'not-permitted', 'missing-program' where none of the programs is installed, 'child-failed', 'bad-rules'.
 */
export async function readNamespace(path: string): Promise<NamespaceReading> {
  const fd = openNetns(path)
  try {
    const held = `/proc/${process.pid}/fd/${fd}`
    const inode = netnsInode(held)
    const { last, changes } = await readUntilStill(held)
    const { tables, warnings } = parseListing(last.listing)
    const moved = whatBecameOf(path, inode)
    return { tables, world: last.world, inode, warnings: [...warnings, ...changes, ...moved === undefined ? [] : [moved]] }
  } finally {
    closeSync(fd)
  }
}

async function readUntilStill(path: string): Promise<{ last: Reading, changes: string[] }> {
  let last = await readOnce(path)
  let changes: string[] = []
  for (let n = 1; n < READINGS; n++) {
    const next = await readOnce(path)
    changes = changesBetween(last, next)
    last = next
    if (changes.length === 0) break
  }
  return { last, changes: changes.map((what) => `${what} of the namespace change while they are read: the answer is that of the last reading`) }
}

async function readOnce(path: string): Promise<Reading> {
  const [listing, world] = await Promise.all([readListing(path), readWorld(path)])
  return { listing, world }
}

function changesBetween(before: Reading, now: Reading): string[] {
  const changes: string[] = []
  const differs = (part: (world: World) => unknown): boolean => JSON.stringify(part(before.world)) !== JSON.stringify(part(now.world))
  if (!sameListing(before.listing, now.listing)) changes.push('the rules')
  if (differs(({ listeners }) => listeners)) changes.push('the listeners')
  if (differs(({ interfaces }) => interfaces)) changes.push('the addresses')
  if (differs(({ routes, policies }) => [routes, policies])) changes.push('the routes')
  return changes
}

/** Undefined: it is still where it was. */
function whatBecameOf(path: string, inode: number): string | undefined {
  const pid = /^.*\/(\d+)\/ns\/net$/.exec(path)?.[1]
  const name = pid === undefined ? path.slice(path.lastIndexOf('/') + 1) : `pid ${pid}`
  try {
    if (netnsInode(path) === inode) return undefined
    return pid === undefined ? `${name} is another namespace by now: the answer is that of the one before` : `${name} is in another namespace by now, or another process has its number: the answer is that of the namespace it was in`
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    return `${name} is gone by now: the answer is that of its namespace as it was last`
  }
}
