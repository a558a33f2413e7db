import { readlinkSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { readAddressList } from './addresses.ts'
import { HeldNamespace } from './held-namespace.ts'
import type { MeshNamespace } from './namespaces.ts'
import { captureOfAll, nameNamespace, readHostInode } from './namespaces.ts'
import { readNetnsInode } from './process-files.ts'
import { isTurn, ProcessScan } from './process-scan.ts'
import { ProxyNames } from './proxies.ts'
import type { KnownProxy } from './proxy-table.ts'
import { ProxyTable } from './proxy-table.ts'
import type { Refusal } from './refusal.ts'
import { refusalOf } from './refusal.ts'
import { parseWantedAddresses } from './wanted-addresses.ts'

export type { Refusal } from './refusal.ts'

/** What is different since the last poll. */
export interface Changes {
  found: MeshNamespace[]
  gone: MeshNamespace[]
  /** Followed before and now, with another name, other addresses or other proxies. */
  changed: MeshNamespace[]
  /** Each once, as long as its process lives. */
  refused: Refusal[]
}

export interface FollowOptions {
  /** Folder of a procfs, `/proc` or that of a host. */
  procfs: string
  /** Further names of executables. */
  exes: readonly string[]
  /** Only namespaces in which one of these addresses is configured, whatever a process says of itself. */
  ips?: readonly string[]
}

export interface FollowStatus {
  processesSeen: number
  /** Processes of other users, kernel threads and zombies: not known what they execute. */
  processesUnreadable: number
  proxiesFound: number
  /** Followed now. */
  namespaces: number
  /** Namespaces of proxies that have none of the addresses asked for. */
  notMatched: { name: string, addresses: readonly string[] }[]
}

/** A namespace is let go when so many polls in a row found no proxy in it, so that one that restarts does not look like two. */
const MISSED_POLLS = 2
/** Addresses are read again within two polls, or so many namespaces a poll where there are more. */
const MAX_READS_A_POLL = 16
const TURNS = 2
/** Tables of a router: reading them takes long, so seldom. */
const SLOW_TURNS = 64
const SLOW_TABLE_BYTES = 256 * 1024

/** A namespace with a proxy in it, followed or not. */
interface Tracked { readonly namespace: MeshNamespace, known: KnownProxy[], followed: boolean, missed: number, slow: boolean, read: boolean, held: HeldNamespace | undefined }

/** Descriptors: anybody may run something of a proxy's name in namespaces of his own. */
const MAX_HELD = 1024

/** Follows the network namespaces of proxies. It enters none, but holds them, as far as it may open them, so that none is taken for one before it that had its number. */
export class MeshFollower {
  readonly #procfs: string
  readonly #ips: ReadonlySet<string> | undefined
  readonly #scan: ProcessScan
  readonly #table: ProxyTable
  readonly #tracked = new Map<number, Tracked>()
  readonly #followed = new Map<number, MeshNamespace>()
  readonly #refusals = new Map<number, Refusal>()
  #changes: Changes = noChanges()
  #polls = 0

  /** Throws 'bad-filter' for an address that is none, or that every namespace has. */
  constructor({ procfs, exes, ips }: FollowOptions) {
    this.#procfs = procfs.length > 1 ? procfs.replace(/\/+$/, '') : procfs
    this.#ips = ips === undefined ? undefined : parseWantedAddresses(ips)
    this.#scan = new ProcessScan(this.#procfs, new ProxyNames(exes), ownPid(this.#procfs))
    this.#table = new ProxyTable(this.#procfs)
  }

  /** By inode. The objects stay the same while they are followed, and are kept up to date. */
  get namespaces(): ReadonlyMap<number, MeshNamespace> {
    return this.#followed
  }

  /** Looks once. Meant for every 500 ms. Throws 'cannot-read' when the procfs cannot be listed. */
  poll(): Changes {
    this.#polls++
    this.#changes = noChanges()
    const refused = (refusal: Refusal): void => this.#refuse(refusal)
    this.#look(refused)
    if (this.#table.update(this.#scan.processes, refused)) this.#regroup()
    for (const tracked of this.#tracked.values()) this.#refresh(tracked)
    for (const pid of this.#refusals.keys()) if (!this.#scan.processes.has(pid)) this.#refusals.delete(pid)
    return this.#changes
  }

  status(): FollowStatus {
    const others = [...this.#tracked.values()].filter((tracked) => !tracked.followed)
    return {
      processesSeen: this.#scan.processes.size,
      processesUnreadable: this.#scan.unreadable,
      proxiesFound: this.#table.proxies.size,
      namespaces: this.#followed.size,
      notMatched: others.map(({ namespace }) => ({ name: namespace.name, addresses: namespace.addresses })),
    }
  }

  #look(refused: (refusal: Refusal) => void): void {
    try {
      this.#scan.scan(refused)
    } catch (cause) {
      const { code = 'unknown error' } = cause as NodeJS.ErrnoException
      throw new MtlscopeError('cannot-read', `cannot list the processes of ${this.#procfs}: ${code}`, {
        hint: 'give the folder of a procfs: --procfs /proc', cause, facts: { procfs: this.#procfs },
      })
    }
  }

  #refuse(refusal: Refusal): void {
    if (this.#refusals.get(refusal.pid)?.why === refusal.why) return
    this.#refusals.set(refusal.pid, refusal)
    this.#changes.refused.push(refusal)
  }

  /** The proxies are others than before: which are where. */
  #regroup(): void {
    const groups = groupByNamespace(this.#table.proxies.values())
    for (const [inode, known] of groups) {
      const tracked = this.#tracked.get(inode)
      if (tracked === undefined) this.#track(inode, known)
      else if (!sameProxies(tracked.known, known)) this.#settle(tracked, known)
    }
    for (const [inode, tracked] of this.#tracked) {
      if (!groups.has(inode)) tracked.known = []
    }
  }

  #track(inode: number, known: KnownProxy[]): void {
    const isHost = readHostInode(this.#procfs) === inode
    const namespace: MeshNamespace = { inode, path: '', name: '', capture: 'sidecar', proxies: [], addresses: [], isHost }
    const tracked: Tracked = { namespace, known: [], followed: false, missed: 0, slow: false, read: false, held: this.#hold(inode, known) }
    this.#tracked.set(inode, tracked)
    this.#settle(tracked, known)
  }

  #hold(inode: number, known: readonly KnownProxy[]): HeldNamespace | undefined {
    return this.#tracked.size < MAX_HELD ? HeldNamespace.open(`${this.#procfs}/${known[0]!.proxy.pid}/ns/net`, inode) : undefined
  }

  /** Lets go what is held. It must not be asked any more. */
  close(): void {
    for (const tracked of this.#tracked.values()) tracked.held?.close()
    this.#tracked.clear()
    this.#followed.clear()
  }

  /** The members give a namespace its path, name and kind; of several the one with the lowest pid. */
  #settle(tracked: Tracked, known: KnownProxy[]): void {
    const { namespace } = tracked
    tracked.known = known
    namespace.proxies = known.map(({ proxy }) => proxy)
    namespace.path = `${this.#procfs}/${known[0]!.proxy.pid}/ns/net`
    namespace.capture = captureOfAll(namespace.proxies)
    namespace.name = nameNamespace(this.#procfs, namespace.inode, namespace.isHost, namespace.proxies, known.map(({ hostname }) => hostname))
    if (tracked.followed) this.#noteChange(namespace)
  }

  #noteChange(namespace: MeshNamespace): void {
    if (!this.#changes.changed.includes(namespace)) this.#changes.changed.push(namespace)
  }

  #refresh(tracked: Tracked): void {
    const { namespace } = tracked
    if (tracked.known.length === 0) {
      if (++tracked.missed >= MISSED_POLLS) this.#drop(tracked)
      return
    }
    tracked.missed = 0
    const turns = tracked.slow ? SLOW_TURNS : Math.max(TURNS, Math.ceil(this.#tracked.size / MAX_READS_A_POLL))
    if (!tracked.read || isTurn(namespace.inode, this.#polls, turns)) this.#readAddresses(tracked)
    const wanted = this.#isWanted(tracked)
    if (wanted && !tracked.followed) this.#follow(tracked)
    else if (!wanted && tracked.followed) this.#unfollow(tracked)
  }

  #readAddresses(tracked: Tracked): void {
    const { namespace } = tracked
    const { pid, exe } = tracked.known[0]!.proxy
    try {
      const { addresses, complete, sizeBytes } = readAddressList(this.#procfs, pid)
      // Were the pid another process by now, these were the addresses of another namespace.
      if (readNetnsInode(this.#procfs, pid) !== namespace.inode) return
      tracked.read = true
      tracked.slow = sizeBytes > SLOW_TABLE_BYTES
      if (!complete) this.#refuse({ pid, exe, why: 'its tables of addresses are too large: only the first were read' })
      if (sameTexts(namespace.addresses, addresses)) return
      namespace.addresses = addresses
      if (tracked.followed) this.#noteChange(namespace)
    } catch (error) {
      const refusal = refusalOf(error, pid, 'the addresses of its network namespace', exe)
      if (refusal !== undefined) this.#refuse(refusal)
    }
  }

  #isWanted({ namespace }: Tracked): boolean {
    const ips = this.#ips
    return ips === undefined || namespace.addresses.some((address) => ips.has(address))
  }

  #follow(tracked: Tracked): void {
    tracked.followed = true
    this.#followed.set(tracked.namespace.inode, tracked.namespace)
    this.#changes.found.push(tracked.namespace)
  }

  #unfollow(tracked: Tracked): void {
    tracked.followed = false
    this.#followed.delete(tracked.namespace.inode)
    this.#changes.gone.push(tracked.namespace)
  }

  #drop(tracked: Tracked): void {
    this.#tracked.delete(tracked.namespace.inode)
    tracked.held?.close()
    if (tracked.followed) this.#unfollow(tracked)
  }
}

function noChanges(): Changes {
  return { found: [], gone: [], changed: [], refused: [] }
}

/** The number of this program in that procfs, which may be the one of a host. */
function ownPid(procfs: string): number {
  try {
    return Number(readlinkSync(`${procfs}/self`))
  } catch {
    return -1
  }
}

/** By inode, each sorted by pid. */
function groupByNamespace(proxies: Iterable<KnownProxy>): Map<number, KnownProxy[]> {
  const groups = new Map<number, KnownProxy[]>()
  for (const known of [...proxies].sort((a, b) => a.proxy.pid - b.proxy.pid)) {
    const group = groups.get(known.proxy.netnsInode)
    if (group === undefined) groups.set(known.proxy.netnsInode, [known])
    else group.push(known)
  }
  return groups
}

function sameProxies(a: readonly KnownProxy[], b: readonly KnownProxy[]): boolean {
  return a.length === b.length && a.every((known, index) => known === b[index])
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
