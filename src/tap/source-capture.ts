import { closeSync, fstatSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { openAfPacket } from '../capture/af-packet.ts'
import type { Health } from '../model/health.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import type { SecretDesk } from '../protocols/tls/secrets.ts'
import type { NetInterface } from '../sys/interfaces.ts'
import { listInterfaces } from '../sys/interfaces.ts'
import { openNetns, withNetns } from '../sys/netns.ts'
import type { PacketRing } from '../sys/packet-ring.ts'
import type { LiveSource, WorkerSetup } from './control.ts'
import type { Emitter } from './engine.ts'
import { Engine } from './engine.ts'
import { EVIDENCE_HELD_BYTES } from './evidence-line.ts'
import type { RingPlan } from './ring-plan.ts'
import { applyNames } from './shared-names.ts'
import { restrictedFilter } from './source-filter.ts'

export interface SourceOptions {
  id: number
  source: LiveSource
  setup: WorkerSetup
  fanoutGroup: number | undefined
  ring: RingPlan
  /** Of the connections of this source. */
  secrets: SecretDesk
  /** Of all sources, kept up to date by the thread; the source's own go before. */
  sharedNames: ReadonlyMap<string, string>
}

/** One namespace in one capture thread: its rings, and the engine that reads them. */
export class SourceCapture {
  readonly id: number
  readonly source: LiveSource
  readonly engine: Engine
  readonly rings: PacketRing[]
  /** For the user: what the kernel could not do, and what is done instead. */
  readonly notes: string[] = []
  readonly #netnsFd: number
  readonly #secrets: SecretDesk
  readonly #names = new Map<string, string>()
  #interfaces = new Map<number, NetInterface>()

  constructor(options: SourceOptions, out: Emitter) {
    const { source, setup } = options
    this.id = options.id
    this.source = source
    this.#secrets = options.secrets
    this.rename(source.names ?? {})
    this.#netnsFd = openNetns(source.path === '' ? '/proc/self/ns/net' : source.path)
    try {
      this.#checkInode()
      const filter = restrictedFilter(setup.filter, source.onlyHosts)
      this.rings = this.#inside(() => this.#openRings(options, filter))
      this.engine = this.#openEngine(options, filter, out)
    } catch (error) {
      closeSync(this.#netnsFd)
      options.secrets.close()
      throw error
    }
  }

  #checkInode(): void {
    const { inode, path, name } = this.source
    if (inode === undefined || fstatSync(this.#netnsFd).ino === inode) return
    throw new MtlscopeError('no-such-namespace', `namespace ${name} is gone: ${path} is another one now`, { facts: { path, inode } })
  }

  #inside<T>(fn: () => T): T {
    return this.source.path === '' ? fn() : withNetns(this.#netnsFd, fn)
  }

  #openEngine({ source, setup, id, sharedNames }: SourceOptions, filter: PacketFilter | undefined, out: Emitter): Engine {
    return new Engine({
      settings: { ...setup.settings, secrets: this.#secrets, readAtOnce: true },
      filter,
      capture: source.capture,
      namespace: source.name === '' ? undefined : source.name,
      prefix: `${setup.flowPrefix ?? ''}${id}.${setup.workers > 1 ? `${setup.worker}.` : ''}${setup.crashed > 0 ? `c${setup.crashed}.` : ''}`,
      dissect: setup.dissect,
      decodeAs: setup.decodeAs,
      ...(setup.format.kind === 'evidence' && { heldBytes: EVIDENCE_HELD_BYTES }),
      interfaceName: (index) => this.#interface(index)?.name,
      isLoopback: (index) => this.#interface(index)?.loopback ?? false,
      nameOf: (ip, port) => {
        const key = isLoopback(ip) ? `:${port}` : ip
        return this.#names.get(key) ?? sharedNames.get(key)
      },
    }, out)
  }

  #openRings(options: SourceOptions, filter: PacketFilter | undefined): PacketRing[] {
    const { rings, interfaces, notes } = openAfPacket({
      interfaces: this.source.interfaces, filter, fanoutGroup: options.fanoutGroup, ...options.ring,
    })
    this.#setInterfaces(interfaces)
    this.notes.push(...notes)
    return rings
  }

  #setInterfaces(interfaces: readonly NetInterface[]): void {
    this.#interfaces = new Map(interfaces.map((i) => [i.index, i]))
  }

  interfaceName(index: number): string | undefined {
    return this.#interface(index)?.name
  }

  /** Interfaces come and go: one that is not known is looked up once, in its namespace. */
  #interface(index: number): NetInterface | undefined {
    const known = this.#interfaces.get(index)
    if (known !== undefined || index === 0) return known
    try {
      this.#setInterfaces(this.#inside(listInterfaces))
    } catch {
      // The rights may have been dropped since: the frames go on under the interface's number.
    }
    const found = this.#interfaces.get(index)
    if (found === undefined) this.#interfaces.set(index, { index, name: `if${index}`, hardwareType: 1, up: false, loopback: false })
    return found
  }

  /** '' takes a name back. */
  rename(names: Record<string, string>): void {
    applyNames(this.#names, names)
  }

  /** Everything that is ready in the rings. Returns the frames walked. */
  walk(): number {
    let frames = 0
    for (const ring of this.rings) frames += ring.walk(this.engine)
    return frames
  }

  /** Before the end: lets nothing more in. */
  quiet(): void {
    for (const ring of this.rings) ring.quiet()
  }

  /** The end: what is still in the rings, then what is half-assembled. */
  finish(): void {
    for (const ring of this.rings) ring.flush(this.engine)
    this.engine.end()
    this.#secrets.close()
  }

  /** Now and then, so that what is idle ends without a new packet. */
  tick(nowMicros: number): void {
    this.engine.tick(nowMicros)
    this.#secrets.tick(nowMicros)
  }

  health(): Health {
    const health = this.engine.health()
    if (this.#secrets.crowdedOut > 0) health.limits['connections that waited for secrets, too many'] = this.#secrets.crowdedOut
    for (const ring of this.rings) health.droppedByKernel += ring.statistics().dropped
    health.namespaces = [{
      name: this.source.name, capture: this.source.capture, interfaces: this.source.interfaces,
      packets: health.packets, droppedByKernel: health.droppedByKernel,
    }]
    return health
  }

  close(): void {
    for (const ring of this.rings) ring.close()
    closeSync(this.#netnsFd)
  }
}

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1'
}
