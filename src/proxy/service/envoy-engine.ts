import { renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../../base/errors.ts'
import type { IdentityMaterial } from '../../identity/material.ts'
import { findProgram, run } from '../../sys/exec.ts'
import { startProcess } from '../../sys/spawn.ts'
import type { RunningProcess } from '../../sys/spawn.ts'
import type { ConnectionInfo, FinishedConnection } from '../relay/connection-report.ts'
import { formatHostPort } from '../config/addresses.ts'
import { checkRights, planListeners, tryListeners } from '../relay/listener-sockets.ts'
import type { SidecarPlan } from '../sidecar-plan.ts'
import type { EngineEvents, RunningEngine, SidecarEngine } from './engine.ts'
import { parseAccessLine } from './envoy/access-log.ts'
import { dynamicBootstrap, envoyFiles, resourceFiles, secretFiles, staticBootstrap } from './envoy/bootstrap.ts'
import type { EnvoyFiles } from './envoy/bootstrap.ts'
import { askEnvoy, envoyListeners, envoyStats } from './envoy/envoy-admin.ts'
import type { JsonObject } from './envoy/json.ts'
import { openSecretFolder } from './envoy/secret-folder.ts'
import { planResources } from './envoy/listeners.ts'
import { groupsLeftOut } from './envoy/tls-context.ts'

const READY_TIMEOUT_MS = 20_000
const LOOK_MS = 50
const VALIDATE_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5000
/** Envoy that ends by itself is started anew; so often within a minute, it is given up. */
const MAX_RESTARTS = 3
const RESTART_WINDOW_MS = 60_000
const BATCH_MS = 50
/** Where `--print` lets the secrets lie; a running sidecar has a folder of its own for them. */
const PRINTED_FOLDER = '/run/mtlscope/envoy'

/** A real Envoy, configured, supervised and followed by this process. */
export function envoySidecarEngine(binary: string): SidecarEngine {
  return {
    name: 'envoy',
    needsRestartFor: (before, after) => [
      ...before.threads === after.threads ? [] : ['threads'], ...before.limits.connections === after.limits.connections ? [] : ['limits.connections'],
    ],
    async start(plan, material, events) {
      const engine = new EnvoyEngine(binary, plan, material, events)
      await engine.open()
      return engine
    },
  }
}

export function bootstrapFor(plan: SidecarPlan): JsonObject {
  return staticBootstrap(plan, envoyFiles(PRINTED_FOLDER))
}

/** Lets `envoy --mode validate` judge the configuration. Throws 'child-failed' with its words. */
export async function checkEnvoy(binary: string, plan: SidecarPlan, material: IdentityMaterial | undefined): Promise<void> {
  const folder = openSecretFolder()
  try {
    await validate(binary, plan, envoyFiles(folder.path), material)
  } finally {
    folder.remove()
  }
}

async function validate(binary: string, plan: SidecarPlan, files: EnvoyFiles, material: IdentityMaterial | undefined): Promise<void> {
  if (material !== undefined) writeFiles(secretFiles(material, files))
  writeFiles([[files.check, staticBootstrap(plan, files)]])
  const { code, stderr } = await run(binary, ['--mode', 'validate', '-c', files.check, '-l', 'error'], { timeoutMs: VALIDATE_TIMEOUT_MS })
  if (code === 0) return
  const words = stderr.trim().split('\n').at(-1)?.slice(-1000) ?? ''
  throw new MtlscopeError('child-failed', `envoy does not accept the configuration: ${words}`, { facts: { program: 'envoy' }, hint: 'see it with --engine envoy --print' })
}

/** Each by rename, which is what Envoy watches for. Throws 'cannot-write'. */
function writeFiles(contents: readonly (readonly [path: string, content: JsonObject])[]): void {
  for (const [path, content] of contents) {
    try {
      writeFileSync(`${path}.new`, JSON.stringify(content), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
      throw new MtlscopeError('cannot-write', `cannot write ${path} for envoy: ${code}`, { cause, facts: { path }, ...code === 'ENOSPC' ? { hint: 'the disk, or the memory that it stands for, is full' } : {} })
    }
  }
}

class EnvoyEngine implements RunningEngine {
  ready: Promise<void> = Promise.resolve()
  readonly #binary: string
  readonly #events: EngineEvents
  readonly #folder = openSecretFolder()
  readonly #files: EnvoyFiles
  #plan: SidecarPlan
  #material: IdentityMaterial
  #version = 0
  #process: RunningProcess | undefined
  #batch: FinishedConnection[] = []
  #restarts: number[] = []
  #isEnding = false
  #serving = false
  /** Of Envoy's counters of listeners that it could not open: what is said of earlier ones. */
  #failedBefore = 0

  constructor(binary: string, plan: SidecarPlan, material: IdentityMaterial, events: EngineEvents) {
    this.#binary = binary
    this.#plan = plan
    this.#material = material
    this.#events = events
    this.#files = envoyFiles(this.#folder.path)
  }

  async open(): Promise<void> {
    try {
      await this.#check(this.#plan, undefined)
      this.launch()
    } catch (error) {
      this.#folder.remove()
      throw error
    }
  }

  async #check(plan: SidecarPlan, before: SidecarPlan | undefined): Promise<void> {
    await validate(this.#binary, plan, this.#files, this.#material)
    checkRights(plan)
    // Envoy's sockets share their address (SO_REUSEPORT): with those of another Envoy too, which would get half of the callers.
    const held = before === undefined ? [] : planListeners(before).map(({ at }) => formatHostPort(at))
    tryListeners(planListeners(plan).filter(({ at }) => !held.includes(formatHostPort(at))))
    const unknown = groupsLeftOut(plan.tls)
    if (unknown.length > 0) this.#events.notice(`Envoy does not know the key exchange group ${unknown.join(', ')}: left out`)
  }

  launch(): void {
    writeFiles([...secretFiles(this.#material, this.#files), ...resourceFiles(this.#plan, this.#files, ++this.#version), [this.#files.bootstrap, dynamicBootstrap(this.#plan, this.#files)]])
    const args = ['-c', this.#files.bootstrap, '--concurrency', String(this.#plan.threads), '--disable-hot-restart', '--file-flush-interval-msec', String(BATCH_MS), '-l', 'warn', '--log-format', '%v']
    // The kernel ends it with this process, whatever ends that: an Envoy that nobody looks after must not go on serving.
    const guard = findProgram('setpriv')
    const words = guard === undefined ? [this.#binary, ...args] : [guard, '--pdeathsig', 'KILL', '--', this.#binary, ...args]
    const envoy = startProcess(words[0]!, words.slice(1), { detached: true, onLine: (line) => this.#take(line) })
    this.#process = envoy
    this.ready = this.#whenServing(envoy)
    this.ready.catch(() => {})
    void envoy.exited.then(() => this.#ended(envoy))
  }

  async #whenServing(envoy: RunningProcess): Promise<void> {
    await envoy.ready
    await this.#until('envoy was not ready in time', async () => (await askEnvoy(this.#files.admin, '/ready'))?.trim() === 'LIVE' && this.#listens(this.#plan))
    this.#serving = true
  }

  isServing(): boolean {
    return this.#serving
  }

  async #listens(plan: SidecarPlan): Promise<boolean> {
    const failed = await envoyStats(this.#files.admin, '^listener_manager\\.(listener_create_failure|lds\\.update_rejected)$')
    if ([...failed.values()].some((count) => count > this.#failedBefore)) throw this.#refused()
    const names = await envoyListeners(this.#files.admin)
    return planResources(plan, this.#files).listeners.every(({ name }) => names.includes(name as string))
  }

  #refused(): MtlscopeError {
    const words = this.#process?.lastWords().split('\n').filter((line) => /cannot bind|error adding listener|rejected/i.test(line)).at(-1)
    return new MtlscopeError('cannot-listen', `envoy could not open its listeners${words === undefined ? '' : `: ${words.slice(0, 500)}`}`, { facts: { program: 'envoy' } })
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const envoy = this.#process!
    let ended = false
    void envoy.exited.then(() => { ended = true })
    for (const start = performance.now(); !await condition();) {
      if (ended) throw this.#gone('envoy ended before it was ready')
      if (performance.now() - start > READY_TIMEOUT_MS) throw this.#gone(what)
      await sleep(LOOK_MS)
    }
  }

  #gone(what: string): MtlscopeError {
    const words = this.#process?.lastWords() ?? ''
    return new MtlscopeError('child-failed', words === '' ? what : `${what}: ${words.split('\n').at(-1)!.slice(-500)}`, { facts: { program: 'envoy', lastWords: words } })
  }

  #ended(envoy: RunningProcess): void {
    if (envoy === this.#process) this.#serving = false
    if (this.#isEnding || envoy !== this.#process) return
    const now = Date.now()
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTART_WINDOW_MS), now]
    if (this.#restarts.length > MAX_RESTARTS) return this.#events.failed(this.#gone(`envoy ended ${this.#restarts.length} times within a minute`))
    this.#events.notice('envoy ended by itself, with all its connections: it is started anew')
    this.#failedBefore = 0
    this.launch()
    this.ready.catch((error: Error) => { if (!this.#isEnding) this.#events.failed(error) })
  }

  #take(line: string): void {
    const connection = parseAccessLine(line)
    if (connection === undefined) return
    if (this.#batch.push(connection) === 1) setTimeout(() => this.#flush(), BATCH_MS)
  }

  #flush(): void {
    const batch = this.#batch
    this.#batch = []
    if (batch.length > 0) this.#events.connections(batch)
  }

  async replaceIdentity(material: IdentityMaterial): Promise<void> {
    writeFiles(secretFiles(material, this.#files))
    this.#material = material
  }

  async replacePlan(plan: SidecarPlan): Promise<void> {
    const before = this.#plan
    await this.#check(plan, before)
    const failures = await envoyStats(this.#files.admin, '^listener_manager\\.(listener_create_failure|lds\\.update_rejected)$')
    this.#failedBefore = Math.max(0, ...failures.values())
    try {
      await this.#show(plan)
    } catch (error) {
      await this.#show(before).catch(() => {})
      throw error
    }
    this.#plan = plan
  }

  async #show(plan: SidecarPlan): Promise<void> {
    const updates = async (): Promise<number> => {
      const stats = await envoyStats(this.#files.admin, '^listener_manager\\.lds\\.(update_success|update_rejected)$')
      return [...stats.values()].reduce((sum, count) => sum + count, 0)
    }
    const before = await updates()
    writeFiles(resourceFiles(plan, this.#files, ++this.#version))
    await this.#until('envoy did not take the new configuration', async () => await updates() > before && this.#listens(plan))
  }

  async drain(timeoutMs: number): Promise<number> {
    this.#isEnding = true
    await askEnvoy(this.#files.admin, '/drain_listeners', 'POST')
    const start = performance.now()
    let open = await this.#open()
    while (open > 0 && performance.now() - start < timeoutMs) {
      await sleep(LOOK_MS)
      open = await this.#open()
    }
    await this.close()
    return open
  }

  async #open(): Promise<number> {
    const stats = await envoyStats(this.#files.admin, '^listener\\..*downstream_cx_active$')
    return [...stats].filter(([name]) => !name.includes('.worker_') && !name.startsWith('listener.admin')).reduce((sum, [, count]) => sum + count, 0)
  }

  async close(): Promise<void> {
    this.#isEnding = true
    await this.#process?.stop(STOP_TIMEOUT_MS)
    this.#flush()
    this.#folder.remove()
  }

  async connections(): Promise<readonly ConnectionInfo[] | undefined> {
    return undefined
  }

  tap(): boolean {
    return false
  }

  async addMetrics(): Promise<void> {}

  async moreMetrics(): Promise<string> {
    return await askEnvoy(this.#files.admin, '/stats/prometheus') ?? ''
  }
}
