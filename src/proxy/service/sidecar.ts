import { MtlscopeError } from '../../base/errors.ts'
import type { Identity } from '../../identity/material.ts'
import type { IdentitySource } from '../../identity/identity-source.ts'
import { retryAfterMs } from '../../identity/retry.ts'
import { openAdmin } from '../admin/admin-server.ts'
import type { AdminServer, AdminTarget, TapRefusal } from '../admin/admin-server.ts'
import { MetricsPage } from '../../base/metrics-page.ts'
import type { FinishedConnection } from '../relay/connection-report.ts'
import { TapStreams } from '../tap/tap-streams.ts'
import type { TapReader } from '../tap/tap-streams.ts'
import type { IdentityPlan, SidecarPlan } from '../sidecar-plan.ts'
import type { RunningEngine, SidecarEngine } from './engine.ts'
import { ExpiryWatch } from './expiry-watch.ts'
import { openIdentity } from './open-identity.ts'
import { addSidecarMetrics, configPage } from './sidecar-pages.ts'

export interface SidecarEvents {
  connections(batch: readonly FinishedConnection[]): void
  say(text: string): void
  warn(text: string): void
  error(error: MtlscopeError): void
  ready(): void
}

/** The life of one sidecar: its identity, its engine, its admin endpoint, and what changes while it runs. */
export class Sidecar implements AdminTarget {
  /** Resolves when it is to end: by POST /quitquitquit. Rejects when it cannot go on. */
  readonly wantsEnd: Promise<void>
  readonly #engineKind: SidecarEngine
  readonly #events: SidecarEvents
  readonly #expiry: ExpiryWatch
  readonly #startedAtMs = Date.now()
  readonly #taps: TapStreams
  #plan: SidecarPlan
  #identity: Identity | undefined
  #source: IdentitySource | undefined
  #engine: RunningEngine | undefined
  #admin: AdminServer | undefined
  #state: 'starting' | 'serving' | 'draining' = 'starting'
  #work: Promise<void> = Promise.resolve()
  /** Counts the plans that were given; only the newest is still wanted. */
  #newest = 0
  /** Ends the wait for the first identity of a plan that is no longer wanted. */
  #giveWay: () => void = () => {}
  #identityUpdates = 0
  #identityErrors = 0
  #reloads = { ok: 0, failed: 0 }
  #end: () => void = () => {}
  #fail: (error: Error) => void = () => {}

  constructor(plan: SidecarPlan, engine: SidecarEngine, events: SidecarEvents) {
    this.#plan = plan
    this.#engineKind = engine
    this.#events = events
    this.#taps = new TapStreams(plan.workload, (tap) => this.#engine?.tap(tap) ?? tap === undefined)
    this.#expiry = new ExpiryWatch((text) => events.warn(text))
    this.wantsEnd = new Promise((resolve, reject) => { this.#end = resolve; this.#fail = reject })
    this.wantsEnd.catch(() => {})
  }

  /** Resolves when it serves. Throws where it never will. */
  async start(): Promise<void> {
    this.#admin = await openAdmin(this.#plan.admin, this)
    if (this.#isOver()) return this.#admin.close()
    const identity = await this.#firstIdentity()
    if (identity !== undefined) await this.#inTurn(() => this.#launch(identity))
  }

  /** Of the plan, or of those that take its place meanwhile. Undefined where it was told to end. */
  async #firstIdentity(): Promise<Identity | undefined> {
    for (let isFirst = true; !this.#isOver(); isFirst = false) {
      const plan = this.#plan
      const source = this.#source = await this.#openSource(plan.identity)
      const identity = this.#isOver() ? undefined : await this.#unlessReplaced(isFirst ? source.first : this.#firstOrWait(source))
      if (identity !== undefined && plan === this.#plan && !this.#isOver()) return this.#identity = identity
      source.close()
    }
    return undefined
  }

  /** A plan that came while it ran does not end it, however bad its identity is. */
  async #firstOrWait(source: IdentitySource): Promise<Identity> {
    return source.first.catch((error: Error) => {
      this.#identityKept(error)
      return new Promise<never>(() => {})
    })
  }

  async #launch(identity: Identity): Promise<void> {
    if (this.#isOver()) return
    this.#expiry.follow(identity)
    const engine = await this.#engineKind.start(this.#plan, identity.material, {
      connections: (batch) => {
        this.#taps.finished(batch)
        this.#events.connections(batch)
      },
      notice: (text) => this.#events.say(text),
      failed: (error) => this.#fail(error),
    })
    if (this.#isOver()) return engine.close()
    this.#engine = engine
    await engine.ready
    if (this.#isOver()) return
    this.#state = 'serving'
    this.#events.ready()
  }

  /** It was told to end while it waited for something. */
  #isOver(): boolean {
    return this.#state === 'draining'
  }

  #unlessReplaced<T>(value: Promise<T>): Promise<T | undefined> {
    return Promise.race([value, new Promise<undefined>((resolve) => { this.#giveWay = () => resolve(undefined) })])
  }

  /**
   * Runs another plan from now on, and resolves with true. With false where a newer one, or the end, came before its identity did.
   * Rejects where it cannot be run, and keeps the old one.
   */
  async reload(plan: SidecarPlan): Promise<boolean> {
    const number = ++this.#newest
    try {
      const isTaken = this.#identity === undefined && await this.#restart(plan) || await this.#replace(plan, () => number === this.#newest && this.#state === 'serving')
      if (isTaken) this.#reloads.ok++
      return isTaken
    } catch (error) {
      this.#reloads.failed++
      throw error
    }
  }

  /** A configuration that cannot even be read. */
  reloadFailed(): void {
    this.#reloads.failed++
  }

  /** While the first identity is waited for: it is asked for anew, where the new plan says. False where it has come. */
  async #restart(plan: SidecarPlan): Promise<boolean> {
    const admin = await this.#movedAdmin(plan)
    if (this.#identity !== undefined || this.#isOver()) {
      admin?.close()
      return false
    }
    this.#useAdmin(admin)
    this.#plan = plan
    this.#giveWay()
    return true
  }

  /** Its identity may be long in coming: meanwhile the old plan holds with all that belongs to it, rotation too. */
  async #replace(plan: SidecarPlan, isWanted: () => boolean): Promise<boolean> {
    this.#giveWay()
    // What is under way ends first; then it is known what changes.
    await this.#inTurn(async () => {})
    if (!isWanted()) return false
    const source = isSame(plan.identity, this.#plan.identity) ? undefined : await this.#openSource(plan.identity)
    let isTaken = false
    try {
      const identity = source === undefined || !isWanted() ? undefined : await this.#unlessReplaced(source.first)
      await this.#inTurn(async () => { isTaken = isWanted() && await this.#take(plan, source, identity) })
      return isTaken
    } finally {
      if (!isTaken) source?.close()
    }
  }

  async #take(plan: SidecarPlan, source: IdentitySource | undefined, identity: Identity | undefined): Promise<boolean> {
    const admin = await this.#movedAdmin(plan)
    try {
      await this.#engine!.replacePlan(plan)
      if (identity !== undefined) await this.#useIdentity(identity)
    } catch (error) {
      admin?.close()
      throw error
    }
    this.#useAdmin(admin)
    if (source !== undefined) {
      this.#source?.close()
      this.#source = source
    } else this.#source?.refresh()
    this.#sayWhatWaits(plan)
    this.#plan = plan
    if (plan.tap !== true) this.#taps.close()
    return true
  }

  async #movedAdmin(plan: SidecarPlan): Promise<AdminServer | undefined> {
    return isSame(plan.admin, this.#plan.admin) ? undefined : await openAdmin(plan.admin, this)
  }

  #useAdmin(admin: AdminServer | undefined): void {
    if (admin === undefined) return
    this.#admin?.close()
    this.#admin = admin
  }

  #sayWhatWaits(plan: SidecarPlan): void {
    const names = this.#engineKind.needsRestartFor(this.#plan, plan)
    if (names.length > 0) this.#events.warn(`a change of ${names.join(' and ')} takes effect at the next start`)
  }

  /** The orderly end: no new connections, old ones up to `limits.drainTimeout`. Resolves with how many were cut off. */
  async drain(): Promise<number> {
    if (this.#state === 'draining') return 0
    this.#leave()
    const cut = await this.#engine?.drain(this.#plan.limits.drainTimeoutMs) ?? 0
    await this.close()
    return cut
  }

  /** Whoever waits for an identity waits no longer. */
  #leave(): void {
    this.#state = 'draining'
    this.#giveWay()
    this.#source?.close()
  }

  async close(): Promise<void> {
    this.#leave()
    this.#expiry.close()
    await this.#engine?.close()
    this.#taps.close()
    this.#admin?.close()
  }

  async #openSource(plan: IdentityPlan): Promise<IdentitySource> {
    let current: Identity | undefined
    const source: IdentitySource = await openIdentity(plan, {
      // In turn, and so after a reload that opened this source: only then is it known whether it counts.
      changed: (identity) => {
        current = identity
        this.#adopt(identity, () => source === this.#source && identity === current, 1)
      },
      kept: (error) => this.#identityKept(error),
    })
    return source
  }

  /** What the engine could not take, for want of room for one, it is given again: the source counts it as delivered. */
  #adopt(identity: Identity, isWanted: () => boolean, attempt: number): void {
    this.#inTurn(async () => { if (isWanted() && !this.#isOver()) await this.#useIdentity(identity) }).catch((error: Error) => {
      if (attempt === 1 || !(error instanceof MtlscopeError)) this.#identityKept(error)
      setTimeout(() => this.#adopt(identity, isWanted, attempt + 1), retryAfterMs(attempt)).unref()
    })
  }

  async #useIdentity(identity: Identity): Promise<void> {
    await this.#engine?.replaceIdentity(identity.material)
    this.#identity = identity
    this.#identityUpdates++
    this.#expiry.follow(identity)
    this.#events.say(`new certificate of ${identity.name}, until ${new Date(identity.notAfterMs).toISOString()}`)
  }

  #identityKept(error: Error): void {
    this.#identityErrors++
    if (!(error instanceof MtlscopeError)) return this.#fail(error)
    const what = this.#identity === undefined ? 'no identity yet, trying again' : 'the old identity is kept'
    this.#events.warn(`${what}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`)
  }

  /** Changes of plan and identity, one after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {})
    return done
  }

  notReady(): string | undefined {
    if (this.#identity === undefined) return 'waiting for an identity'
    if (this.#state === 'starting') return 'the listeners are not open yet'
    if (this.#state === 'draining') return 'draining'
    if (this.#engine?.isServing() === false) return 'the engine is being started anew'
    return this.#identity.notAfterMs <= Date.now() ? `the certificate expired at ${new Date(this.#identity.notAfterMs).toISOString()}` : undefined
  }

  async metrics(): Promise<string> {
    const page = new MetricsPage()
    addSidecarMetrics(page, {
      engine: this.#engineKind.name, workload: this.#plan.workload, isReady: this.notReady() === undefined, identity: this.#identity,
      identityUpdates: this.#identityUpdates, identityErrors: this.#identityErrors, reloads: this.#reloads, startedAtMs: this.#startedAtMs,
    })
    await this.#engine?.addMetrics(page)
    return page.text() + (await this.#engine?.moreMetrics() ?? '')
  }

  config(): object {
    return configPage(this.#engineKind.name, this.#plan, this.#identity)
  }

  async connections(): Promise<object | undefined> {
    const list = await this.#engine?.connections()
    return list === undefined ? undefined : { connections: list }
  }

  quit(): void {
    this.#end()
  }

  tap(reader: TapReader): TapRefusal | undefined {
    if (this.#plan.tap !== true) return 'turned-off'
    return this.#taps.add(reader) ? undefined : 'cannot'
  }

  untap(reader: TapReader): void {
    this.#taps.remove(reader)
  }
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
