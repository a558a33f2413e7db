import { X509Certificate, randomBytes } from 'node:crypto'
import type { SidecarPlan } from '../sidecar-plan.ts'
import type { ConnectionInfo, FinishedConnection } from './connection-report.ts'
import { ConnectionSlots } from './connection-slots.ts'
import { newCounters, sumCounters, COUNTER } from './counters.ts'
import { identityOf } from './identity-match.ts'
import { checkRights, openListeners, planListeners } from './listener-sockets.ts'
import type { RelayMetrics } from './metrics.ts'
import { NameLookup } from './name-lookup.ts'
import { caOnlyDestinations } from './policy.ts'
import { ThreadHandle } from './thread-handle.ts'
import type { Credentials, ListenerHandle, NameAddresses, TappedChunk, ThreadReport } from './thread-messages.ts'
import { TICKET_KEY_BYTES, openTlsContexts } from './tls-contexts.ts'

export type { CloseReason, ConnectionInfo, Direction, FinishedConnection, Security } from './connection-report.ts'
export type { RelayMetrics } from './metrics.ts'
export type { TapOpening, TappedChunk } from './thread-messages.ts'

/** PEM texts. `chainPem` starts with the leaf; every certificate of `bundlePem` is a trust anchor, intermediates too. */
export interface TlsMaterial { readonly keyPem: string, readonly chainPem: string, readonly bundlePem: string }

export type RelayNotice =
  /** Names of key exchange groups that this OpenSSL does not know. Told once a plan, as is 'ca-only'. */
  | { readonly kind: 'groups-left-out', readonly groups: readonly string[] }
  /** Destinations in the mesh whose server may be anybody that the bundle vouches for. */
  | { readonly kind: 'ca-only', readonly destinations: readonly string[] }
  /** The name of a destination could not be resolved; it is tried again. */
  | { readonly kind: 'unresolved', readonly host: string, readonly cause: string }

/** All calls come on the caller's thread, a little later than what they tell. */
export interface RelayEvents {
  /** Finished connections since the last call, at most some 50 ms old. */
  connections(batch: readonly FinishedConnection[]): void
  notice(notice: RelayNotice): void
  /** A relay thread ended that was not told to: a bug. All its connections are gone; another thread takes its place. */
  failed(error: Error): void
}

/** A thread that failed is replaced after this time. */
const RESTART_MS = 500

/** Plaintext of all connections, in order for each connection and direction; the receiver owns the bytes. */
export type Tap = (chunks: readonly TappedChunk[]) => void

export interface Relay {
  /** Resolves when every thread accepts. */
  readonly ready: Promise<void>
  /** For connections that open from now on; open ones go on with what they have. Throws 'bad-identity', and keeps the old. */
  replaceIdentity(material: TlsMaterial): void
  /** Opens the listeners that are new, closes those that are gone. Throws where one cannot be opened, and keeps the old plan. `threads` stays as it was. */
  replacePlan(plan: SidecarPlan): void
  /** No new connections; resolves when the last one is over, at the latest after `timeoutMs`, with the number cut off. */
  drain(timeoutMs: number): Promise<number>
  /** Ends everything now. Idempotent. */
  close(): Promise<void>
  /** A snapshot of what is open. */
  connections(): Promise<ConnectionInfo[]>
  /** Counters since the relay opened, all threads together. */
  metrics(): RelayMetrics
  /**
   * Hands over copies of the plaintext from now on; undefined ends that. Costs nothing while it is off. Called again, the openings of
   * connections are told again. What the main thread is too slow to take is left out and counted.
   */
  tap(tap: Tap | undefined): void
}

/**
 * Opens the listeners of a plan and starts its threads. Throws 'bad-identity', and where a listener cannot be opened.
 * The events keep the process alive until `close`.
 */
export function openRelay(plan: SidecarPlan, material: TlsMaterial, events: RelayEvents): Relay {
  return new ThreadedRelay(plan, material, events)
}

class ThreadedRelay implements Relay {
  readonly ready: Promise<void>
  readonly #events: RelayEvents
  readonly #threads: ThreadHandle[]
  /** By thread: what it listens on, and what a thread after it would. */
  readonly #handles: ListenerHandle[][]
  readonly #slots = new ConnectionSlots().shared
  /** Of threads that are gone, and of their ends. */
  readonly #past = [newCounters()]
  readonly #lookup: NameLookup
  #plan: SidecarPlan
  #credentials: Credentials
  #listening: Set<string>
  #names: NameAddresses = {}
  #tap: Tap | undefined
  #isEnding = false

  constructor(plan: SidecarPlan, material: TlsMaterial, events: RelayEvents) {
    this.#events = events
    this.#plan = plan
    this.#credentials = this.#checkedCredentials(plan, material)
    checkRights(plan)
    const listeners = planListeners(plan)
    this.#listening = new Set(listeners.map(({ key }) => key))
    this.#handles = openListeners(listeners, Math.max(1, plan.threads))
    this.#threads = this.#handles.map((_, index) => this.#startThread(index))
    this.#lookup = new NameLookup({ changed: (names) => this.#useNames(names), unresolved: (host, cause) => events.notice({ kind: 'unresolved', host, cause }) })
    this.ready = Promise.all([...this.#threads.map(({ ready }) => ready), this.#lookup.use(plan)]).then(() => this.#sayCaOnly())
    this.ready.catch(() => {})
  }

  replaceIdentity(material: TlsMaterial): void {
    this.#credentials = this.#checkedCredentials(this.#plan, material)
    for (const thread of this.#threads) thread.tell({ kind: 'credentials', credentials: this.#credentials })
  }

  replacePlan(plan: SidecarPlan): void {
    this.#checkedCredentials(plan, this.#credentials.material)
    checkRights(plan)
    const wanted = planListeners(plan)
    const handles = openListeners(wanted.filter(({ key }) => !this.#listening.has(key)), this.#threads.length)
    this.#listening = new Set(wanted.map(({ key }) => key))
    this.#plan = plan
    const uses = wanted.map(({ key, use }) => [key, use] as const)
    this.#threads.forEach((thread, index) => {
      thread.tell({ kind: 'plan', plan, listeners: handles[index], uses })
      const kept = this.#handles[index].filter(({ key }) => this.#listening.has(key))
      const use = new Map(uses)
      this.#handles[index] = [...kept, ...handles[index]].map((handle) => ({ ...handle, use: use.get(handle.key) ?? handle.use }))
    })
    void this.#lookup.use(plan)
    this.#sayCaOnly()
  }

  async drain(timeoutMs: number): Promise<number> {
    this.#isEnding = true
    const cutOff = await Promise.all(this.#threads.map((thread) => thread.drain(timeoutMs)))
    return cutOff.reduce((sum, count) => sum + count, 0)
  }

  async close(): Promise<void> {
    this.#isEnding = true
    this.#lookup.close()
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  async connections(): Promise<ConnectionInfo[]> {
    const snapshots = await Promise.all(this.#threads.map((thread) => thread.snapshot()))
    return snapshots.flat().sort((a, b) => a.id - b.id)
  }

  metrics(): RelayMetrics {
    return sumCounters([...this.#past, ...this.#threads.map(({ counters }) => counters).filter((counters) => !this.#past.includes(counters))])
  }

  tap(tap: Tap | undefined): void {
    this.#tap = tap
    for (const thread of this.#threads) thread.tell({ kind: 'tap', on: tap !== undefined })
  }

  #startThread(index: number): ThreadHandle {
    const count = this.#handles.length
    // Connection ids go on where no thread before can have come to.
    const firstId = index + 1 + count * 2 ** 32 * (this.#past.length - 1)
    const input = { slots: this.#slots, firstId, idStep: count, plan: this.#plan, listeners: this.#handles[index], credentials: this.#credentials, names: this.#names }
    const thread: ThreadHandle = new ThreadHandle(input, {
      report: (report) => this.#hear(report),
      failed: (error) => this.#replaceThread(index, thread, error),
    })
    if (this.#tap !== undefined) thread.tell({ kind: 'tap', on: true })
    return thread
  }

  /** Its listeners are open still, and callers wait there. */
  #replaceThread(index: number, thread: ThreadHandle, error: Error): void {
    this.#past[0][COUNTER.threadsFailed]++
    this.#past.push(thread.counters)
    this.#events.failed(error)
    setTimeout(() => {
      if (!this.#isEnding) this.#threads[index] = this.#startThread(index)
    }, RESTART_MS).unref()
  }

  #hear(report: Extract<ThreadReport, { kind: 'finished' | 'tapped' }>): void {
    if (report.kind === 'finished') this.#events.connections(report.connections)
    else this.#tap?.(report.chunks)
  }

  #useNames(names: NameAddresses): void {
    this.#names = names
    for (const thread of this.#threads) thread.tell({ kind: 'names', names })
  }

  /** Tries them here first, so that whoever asks learns at once what is wrong with them. */
  #checkedCredentials(plan: SidecarPlan, material: TlsMaterial): Credentials {
    const ticketKeys = randomBytes(TICKET_KEY_BYTES)
    const contexts = openTlsContexts({ material, ticketKeys, tls: plan.tls, tunnel: plan.inbound?.tunnel !== 'off' })
    if (contexts.groupsLeftOut.length > 0) this.#events.notice({ kind: 'groups-left-out', groups: contexts.groupsLeftOut })
    contexts.release()
    return { material, ticketKeys, ownIdentity: ownIdentityOf(material.chainPem) }
  }

  #sayCaOnly(): void {
    const destinations = caOnlyDestinations(this.#plan.outbound)
    if (destinations.length > 0) this.#events.notice({ kind: 'ca-only', destinations })
  }
}

/** As a peer would name us. */
function ownIdentityOf(chainPem: string): string {
  const names = (new X509Certificate(chainPem).subjectAltName ?? '').split(', ')
  const of = (kind: string): string[] => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length))
  return identityOf({ uris: of('URI:'), dnsNames: of('DNS:') })
}
