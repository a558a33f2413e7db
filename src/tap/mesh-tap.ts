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
  /** Inode → the path it was entered by: a member process may end and another give the namespace a new path. */
  readonly #paths = new Map<number, string>()
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
    return this.#paths.size
  }

  /** One scan: enters what is new, lets go what is gone. The first throws where the procfs cannot be read; later ones say so once. */
  async poll(): Promise<void> {
    const changes = this.#scan()
    if (changes === undefined) return
    for (const r of changes.refused) this.#observer.refused(`${r.exe ?? 'process'} pid ${r.pid}`, r.why, r.hint)
    for (const n of changes.gone) await this.#leave(n)
    const missing = this.#withinBound([...this.#follower.namespaces.values()].filter((n) => this.#isMissing(n)))
    this.#tap.expect(this.#paths.size + missing.length)
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
    return !this.#paths.has(n.inode) && (this.#tries.get(n.inode) ?? 0) < MAX_TRIES
  }

  #withinBound(missing: MeshNamespace[]): MeshNamespace[] {
    const room = MAX_NAMESPACES - this.#paths.size
    if (missing.length > room && !this.#fullTold) {
      this.#fullTold = true
      this.#observer.refused('further namespaces', `${MAX_NAMESPACES} are captured at once and no more`, 'choose some with --ip')
    }
    return missing.slice(0, room)
  }

  async #enter(n: MeshNamespace, names: Record<string, string>, members: Members): Promise<void> {
    try {
      await this.#tap.add({
        path: n.path, inode: n.inode, name: n.name, capture: n.capture, interfaces: this.#options.interfaces,
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
    this.#paths.set(n.inode, n.path)
    this.#tries.delete(n.inode)
    this.#observer.entered(n)
  }

  async #leave(n: MeshNamespace): Promise<void> {
    this.#tries.delete(n.inode)
    const path = this.#paths.get(n.inode)
    if (path === undefined) return
    this.#paths.delete(n.inode)
    await this.#tap.remove(path)
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
      const path = this.#paths.get(n.inode)
      if (path !== undefined) this.#tap.rename(path, { ...names, ...this.#listeners(n, members) })
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
