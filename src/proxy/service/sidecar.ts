import { MtlscopeError } from '../../base/errors.ts'
import { VERSION } from '../../base/version.ts'
import type { Identity } from '../../identity/material.ts'
import type { IdentitySource } from '../../identity/identity-source.ts'
import { openAdmin } from '../admin/admin-server.ts'
import type { AdminServer, AdminTarget, TapRefusal } from '../admin/admin-server.ts'
import { MetricsPage } from '../admin/metrics-page.ts'
import type { FinishedConnection } from '../relay/connection-report.ts'
import { TapStreams } from '../tap/tap-streams.ts'
import type { TapReader } from '../tap/tap-streams.ts'
import type { IdentityPlan, SidecarPlan } from '../sidecar-plan.ts'
import { caOnlyPlaces } from './ca-only.ts'
import type { RunningEngine, SidecarEngine } from './engine.ts'
import { ExpiryWatch } from './expiry-watch.ts'
import { openIdentity } from './open-identity.ts'

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
    this.#source = await this.#openSource(this.#plan.identity)
    if (this.#isOver()) return this.#source.close()
    const identity = await this.#source.first
    if (this.#isOver()) return
    this.#identity = identity
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

  /** Runs another plan from now on. Rejects where it cannot be, and keeps the old one. */
  reload(plan: SidecarPlan): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state !== 'serving') return
      try {
        await this.#reload(plan)
        this.#reloads.ok++
      } catch (error) {
        this.#reloads.failed++
        throw error
      }
    })
  }

  /** A configuration that cannot even be read. */
  reloadFailed(): void {
    this.#reloads.failed++
  }

  async #reload(plan: SidecarPlan): Promise<void> {
    const movesAdmin = JSON.stringify(plan.admin) !== JSON.stringify(this.#plan.admin)
    const changesIdentity = JSON.stringify(plan.identity) !== JSON.stringify(this.#plan.identity)
    const admin = movesAdmin ? await openAdmin(plan.admin, this) : undefined
    const source = changesIdentity ? await this.#openSource(plan.identity) : undefined
    try {
      const identity = await source?.first
      await this.#engine!.replacePlan(plan)
      if (identity !== undefined) await this.#useIdentity(identity)
    } catch (error) {
      admin?.close()
      source?.close()
      throw error
    }
    if (admin !== undefined) {
      this.#admin?.close()
      this.#admin = admin
    }
    if (source !== undefined) {
      this.#source?.close()
      this.#source = source
    } else this.#source?.refresh()
    this.#plan = plan
    if (plan.tap !== true) this.#taps.close()
  }

  /** The orderly end: no new connections, old ones up to `limits.drainTimeout`. Resolves with how many were cut off. */
  async drain(): Promise<number> {
    if (this.#state === 'draining') return 0
    this.#state = 'draining'
    this.#source?.close()
    const cut = await this.#engine?.drain(this.#plan.limits.drainTimeoutMs) ?? 0
    await this.close()
    return cut
  }

  async close(): Promise<void> {
    this.#state = 'draining'
    this.#source?.close()
    this.#expiry.close()
    await this.#engine?.close()
    this.#taps.close()
    this.#admin?.close()
  }

  async #openSource(plan: IdentityPlan): Promise<IdentitySource> {
    const source: IdentitySource = await openIdentity(plan, {
      // In turn, and so after a reload that opened this source: only then is it known whether it counts.
      changed: (identity) => {
        this.#inTurn(async () => { if (source === this.#source) await this.#useIdentity(identity) }).catch((error: Error) => this.#identityKept(error))
      },
      kept: (error) => this.#identityKept(error),
    })
    return source
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
    page.gauge('mtlscope_build_info', 'Always 1.', 1, { version: VERSION, engine: this.#engineKind.name, workload: this.#plan.workload })
    page.gauge('mtlscope_ready', '1 where it serves.', this.notReady() === undefined ? 1 : 0)
    if (this.#identity !== undefined) page.gauge('mtlscope_identity_expiry_timestamp_seconds', 'When the first certificate of the chain expires, since 1970.', Math.floor(this.#identity.notAfterMs / 1000))
    page.counter('mtlscope_identity_updates_total', 'Identities taken over while it ran.', this.#identityUpdates)
    page.counter('mtlscope_identity_errors_total', 'Identities that could not be had or used.', this.#identityErrors)
    page.counter('mtlscope_config_reloads_total', 'Configurations read while it ran.', [[{ result: 'ok' }, this.#reloads.ok], [{ result: 'failed' }, this.#reloads.failed]])
    page.gauge('process_start_time_seconds', 'When it was started, since 1970.', this.#startedAtMs / 1000)
    const cpu = process.cpuUsage()
    page.counter('process_cpu_seconds_total', 'User and system time of this process.', (cpu.user + cpu.system) / 1e6)
    page.gauge('process_resident_memory_bytes', 'Resident set of this process.', process.memoryUsage.rss())
    await this.#engine?.addMetrics(page)
    return page.text() + (await this.#engine?.moreMetrics() ?? '')
  }

  config(): object {
    const identity = this.#identity
    return {
      version: VERSION, engine: this.#engineKind.name, plan: this.#plan, anyoneOfTheMesh: caOnlyPlaces(this.#plan),
      identity: identity === undefined ? undefined : {
        name: identity.name, dnsNames: identity.dnsNames, serial: identity.serial, trustAnchors: identity.trustAnchors,
        notBefore: new Date(identity.notBeforeMs).toISOString(), notAfter: new Date(identity.notAfterMs).toISOString(),
      },
    }
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
