import { MtlscopeError } from '../base/errors.ts'
import { MeshFollower } from '../mesh/follow.ts'
import { readListeners, readMembers } from '../mesh/listeners.ts'
import type { MeshNamespace } from '../mesh/namespaces.ts'
import { Names } from '../mesh/workloads.ts'
import { isLoopbackAddress } from '../net/address.ts'
import type { LiveTap } from './live.ts'

/** A namespace that could not be entered is tried again so often: its process may just have been starting or ending. */
const MAX_TRIES = 5
/** Who listens inside is looked up again after so many polls: it walks all processes, for each namespace. */
const LISTENERS_EVERY = 60

/** Each has a ring of locked memory, and anybody may run something of a proxy's name in namespaces of his own. */
const MAX_NAMESPACES = 512

type Members = ReturnType<typeof readMembers>

export interface MeshTapOptions {
  procfs: string
  exes: string[]
  ips: string[] | undefined
  interfaces: string[]
}

export interface MeshTapObserver {
  entered(n: MeshNamespace): void
  left(n: MeshNamespace): void
  refused(name: string, why: string, hint: string | undefined): void
}

/** Keeps a live tap in the namespaces of all proxies that there are. */
export class MeshTap {
  readonly #tap: LiveTap
  readonly #options: MeshTapOptions
  readonly #observer: MeshTapObserver
  readonly #follower: MeshFollower
  /** By inode. The follower holds the namespaces, so that no other one has the number of one of these. */
  readonly #entered = new Set<number>()
  readonly #tries = new Map<number, number>()
  #polls = 0
  #scanFailed = false
  #fullTold = false

  constructor(tap: LiveTap, options: MeshTapOptions, observer: MeshTapObserver) {
    this.#tap = tap
    this.#options = options
    this.#observer = observer
    this.#follower = new MeshFollower({ procfs: options.procfs, exes: options.exes, ips: options.ips })
  }

  get size(): number {
    return this.#entered.size
  }

  /** One scan: enters what is new, lets go what is gone. The first throws where the procfs cannot be read; later ones say so once. */
  async poll(): Promise<void> {
    const changes = this.#scan()
    if (changes === undefined) return
    for (const r of changes.refused) this.#observer.refused(`${r.exe ?? 'process'} pid ${r.pid}`, r.why, r.hint)
    for (const n of changes.gone) await this.#leave(n)
    const missing = this.#withinBound([...this.#follower.namespaces.values()].filter((n) => this.#isMissing(n)))
    this.#tap.expect(this.#entered.size + missing.length)
    const stale = this.#polls++ % LISTENERS_EVERY === 0
    if (missing.length + changes.changed.length === 0 && !stale) return
    const members = this.#members()
    const names = this.#names()
    await Promise.all(missing.map((n) => this.#enter(n, names, members)))
    this.#shareNames(names, members)
  }

  #scan(): ReturnType<MeshFollower['poll']> | undefined {
    try {
      const changes = this.#follower.poll()
      this.#scanFailed = false
      return changes
    } catch (error) {
      if (this.#polls === 0 || !(error instanceof MtlscopeError)) throw error
      if (!this.#scanFailed) this.#observer.refused(this.#options.procfs, error.message, error.hint)
      this.#scanFailed = true
      return undefined
    }
  }

  #isMissing(n: MeshNamespace): boolean {
    return !this.#entered.has(n.inode) && (this.#tries.get(n.inode) ?? 0) < MAX_TRIES
  }

  #withinBound(missing: MeshNamespace[]): MeshNamespace[] {
    const room = MAX_NAMESPACES - this.#entered.size
    if (missing.length > room && !this.#fullTold) {
      this.#fullTold = true
      this.#observer.refused('further namespaces', `${MAX_NAMESPACES} are captured at once and no more`, 'choose some with --ip')
    }
    return missing.slice(0, room)
  }

  async #enter(n: MeshNamespace, names: Record<string, string>, members: Members): Promise<void> {
    try {
      await this.#tap.add({
        path: n.path, key: keyOf(n), inode: n.inode, name: n.name, capture: n.capture, interfaces: this.#options.interfaces,
        names: { ...names, ...this.#listeners(n, members) },
        onlyHosts: n.isHost ? this.#options.ips : undefined,
      })
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      const tries = (this.#tries.get(n.inode) ?? 0) + 1
      this.#tries.set(n.inode, tries)
      if (tries === MAX_TRIES) this.#observer.refused(n.name, error.message, error.hint)
      return
    }
    this.#entered.add(n.inode)
    this.#tries.delete(n.inode)
    this.#observer.entered(n)
  }

  async #leave(n: MeshNamespace): Promise<void> {
    this.#tries.delete(n.inode)
    if (!this.#entered.delete(n.inode)) return
    await this.#tap.remove(keyOf(n))
    this.#observer.left(n)
  }

  /** Every namespace's addresses, by the name of its workload; '' where several claim one. The host's are everybody's. */
  #names(): Record<string, string> {
    const claims = new Names()
    const names: Record<string, string> = {}
    for (const n of this.#follower.namespaces.values()) {
      if (n.isHost) continue
      for (const ip of n.addresses) if (!isLoopbackAddress(ip) && claims.add(ip, n.name)) names[ip] = claims.nameOf(ip) ?? ''
    }
    return names
  }

  #members(): Members {
    try {
      return readMembers(this.#options.procfs)
    } catch {
      // The next scan says so.
      return new Map()
    }
  }

  /** On the loopback a port tells who it is: the process that listens on it. */
  #listeners(n: MeshNamespace, members: Members): Record<string, string> {
    const pid = n.proxies[0]?.pid
    if (pid === undefined) return {}
    try {
      return Object.fromEntries([...readListeners(this.#options.procfs, pid, members)].map(([port, { comm }]) => [`:${port}`, comm]))
    } catch {
      // The process ended meanwhile: names are a nicety.
      return {}
    }
  }

  #shareNames(names: Record<string, string>, members: Members): void {
    for (const n of this.#follower.namespaces.values()) {
      if (this.#entered.has(n.inode)) this.#tap.rename(keyOf(n), { ...names, ...this.#listeners(n, members) })
    }
  }

  /** Why there is nothing yet, and what to do. */
  emptyText(): string {
    const { processesSeen } = this.#follower.status()
    const only = this.#options.ips === undefined ? '' : ` in a namespace with ${this.#options.ips.join(', ')}`
    return `no mesh proxy found${only} among ${processesSeen} processes of ${this.#options.procfs}; still looking`
      + ' (another proxy: --exe NAME; any traffic of this machine: -i any; a mesh to try: mtlscope demo)'
  }
}

/** Its path is that of a process, which may end while the namespace goes on, and its number be given to one elsewhere. */
function keyOf({ inode }: MeshNamespace): string {
  return `namespace ${inode}`
}
