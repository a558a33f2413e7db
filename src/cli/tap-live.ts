import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../base/errors.ts'
import type { Health, RefusedHealth } from '../model/health.ts'
import { readCapabilities } from '../sys/capabilities.ts'
import { dropPrivileges } from '../sys/privileges.ts'
import type { LiveSource } from '../tap/control.ts'
import { LiveTap } from '../tap/live.ts'
import { MeshTap } from '../tap/mesh-tap.ts'
import { healthLines } from './health-text.ts'
import { planSources, watchSources } from './live-sources.ts'
import type { PodTap } from './pod-tap.ts'
import { say, sayError, sayWarning } from './say.ts'
import { StatusLine } from './status-line.ts'
import type { LiveOutput } from './tap-output.ts'
import { TapOutput } from './tap-output.ts'
import type { TapPlan } from './tap-plan.ts'

/** How often the end (count, time, Ctrl-C) is looked for, and the mesh scanned. */
const TICK_MS = 100
const MESH_MS = 500
/** Refusals that the health lists; each is told when it happens. */
const MAX_REFUSED = 1000

/** `tap -i`, `--pid`, `--netns`, `--mesh`: until Ctrl-C, `--for` or `-c`. `openOutput` puts another output in the place of tap's own. */
export async function runTapLive(
  plan: TapPlan, signal: AbortSignal, openOutput = (status: StatusLine): LiveOutput => new TapOutput(plan, status, false),
): Promise<number> {
  const status = new StatusLine()
  const sources = planSources(plan.flags)
  const output = openOutput(status)
  const warn = (text: string): void => {
    status.clear()
    sayWarning(text)
  }
  const tap = openTap(plan, output, warn)
  const run = new LiveRun(plan, tap, output, status, warn)
  output.watch?.(() => run.withRefused(tap.health()))
  try {
    await run.open(sources)
  } catch (error) {
    // Nothing was captured, so there is nothing to say of its health.
    run.close()
    await tap.stop()
    throw error
  }
  let health: Health
  try {
    await run.until(signal)
  } finally {
    run.close()
    health = run.withRefused(await tap.stop())
    output.finish(health)
  }
  // Who looks from outside tells it, of all nodes together.
  if (plan.flags.podsFrom === undefined) for (const line of healthLines(health, output)) say(line)
  return 0
}

function openTap(plan: TapPlan, output: LiveOutput, warn: (text: string) => void): LiveTap {
  return new LiveTap({
    filter: plan.filter, messageFilter: plan.messageFilter, settings: plan.settings, format: plan.format, dissect: plan.dissect, decodeAs: plan.decodeAs, keyLogs: plan.keyLogs,
    frames: plan.writeTo !== undefined || plan.frames === true, interfacesApart: plan.interfacesApart, workers: plan.flags.workers, flowPrefix: plan.flowPrefix,
  }, {
    givesBack: output.givesBack === true,
    lines: (text, lines) => output.lines(text, lines),
    frames: (origin, blocks) => output.frames(origin, blocks),
    warn,
    ...output.read && { read: (toMicros: number) => output.read!(toMicros) },
  })
}

/** One run of a live tap, from opening its sources to the last tick. */
class LiveRun {
  readonly #refused: RefusedHealth[] = []
  readonly #plan: TapPlan
  readonly #tap: LiveTap
  readonly #output: LiveOutput
  readonly #status: StatusLine
  readonly #warn: (text: string) => void
  #mesh: MeshTap | PodTap | undefined
  #watch: () => void = () => {}

  constructor(plan: TapPlan, tap: LiveTap, output: LiveOutput, status: StatusLine, warn: (text: string) => void) {
    this.#plan = plan
    this.#tap = tap
    this.#output = output
    this.#status = status
    this.#warn = warn
  }

  async open(sources: LiveSource[]): Promise<void> {
    this.#tap.expect(sources.length)
    const errors = await this.#addAll(sources)
    if (errors.length === sources.length && errors.length > 0 && !this.#plan.mesh) throw errors[0]!
    for (const error of errors) {
      sayError(error)
      this.#refused.push({ name: String(error.facts.source ?? ''), why: error.message })
    }
    if (sources.length > errors.length) this.#say(`capturing ${placesText(sources.filter((s) => !this.#refused.some((r) => r.name === s.name)))}`)
    if (this.#plan.mesh) await this.#openMesh()
    else if (this.#plan.pods) await this.#openPods()
    else if (this.#plan.keepsRights !== true) this.#dropRights()
    this.#watch = watchSources(this.#plan.flags, this.#warn)
  }

  async #addAll(sources: LiveSource[]): Promise<MtlscopeError[]> {
    const errors: MtlscopeError[] = []
    for (const source of sources) {
      try {
        await this.#tap.add(source)
      } catch (error) {
        if (!(error instanceof MtlscopeError)) throw error
        errors.push(new MtlscopeError(error.code, error.message, { hint: error.hint, facts: { ...error.facts, source: source.name } }))
      }
    }
    return errors
  }

  async #openMesh(): Promise<void> {
    const { flags } = this.#plan
    needsToEnter('of a mesh')
    this.#mesh = new MeshTap(this.#tap, {
      procfs: flags.procfs, exes: flags.exe ?? [], ips: flags.ip, interfaces: flags.interface ?? ['any'],
    }, {
      entered: (n) => {
        this.#say(`entered namespace ${n.name} (${n.proxies.map((p) => `${p.kind} pid ${p.pid}`).join(', ')})`)
        if (!n.isHost) this.#output.named?.(n.name, n.addresses)
      },
      left: (n) => this.#say(`namespace ${n.name} is gone`),
      refused: this.#noteRefused,
    })
    await this.#mesh.poll()
    if (this.#mesh.size === 0) this.#say(this.#mesh.emptyText())
  }

  async #openPods(): Promise<void> {
    const { flags } = this.#plan
    needsToEnter('of pods', '; or through agents in the cluster: --remote')
    // Loaded here: what reads a kubeconfig and speaks to an API server is of no use to other taps.
    const { PodTap } = await import('./pod-tap.ts')
    this.#mesh = new PodTap(this.#tap, flags, flags.procfs, flags.interface ?? ['any'], { say: (text) => this.#say(text), refused: this.#noteRefused })
    await this.#mesh.poll()
    if (this.#mesh.size === 0) this.#say(this.#mesh.emptyText())
  }

  /** The health of the tap, with the places that were not entered. */
  withRefused(health: Health): Health {
    health.refused.push(...this.#refused)
    return health
  }

  readonly #noteRefused = (name: string, why: string, hint: string | undefined): void => {
    if (this.#refused.length < MAX_REFUSED) this.#refused.push({ name, why })
    this.#warn(`not entered: ${name}: ${why}${hint === undefined ? '' : ` (${hint})`}`)
  }

  /** Nothing more is to be entered: what is left to do needs no rights. */
  #dropRights(): void {
    const { uid, what } = dropPrivileges()
    if (uid !== undefined) this.#say(what)
  }

  close(): void {
    if (this.#mesh !== undefined && 'close' in this.#mesh) this.#mesh.close()
  }

  async until(signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + (this.#plan.flags.for ?? Infinity)
    let meshMs = performance.now()
    let healthMs = performance.now()
    while (!signal.aborted && !this.#output.done && performance.now() < endMs && this.#tap.alive) {
      await sleep(Math.min(this.#plan.tickMs ?? TICK_MS, Math.max(1, endMs - performance.now())), undefined, { signal }).catch(() => {})
      if (this.#mesh !== undefined && performance.now() - meshMs >= MESH_MS) {
        meshMs = performance.now()
        await this.#mesh.poll()
      }
      if (performance.now() - healthMs >= (this.#plan.flags.healthEvery ?? Infinity)) {
        healthMs = performance.now()
        this.#output.progress?.(this.#tap.health())
      }
      this.#watch()
      if (!process.stdout.isTTY) this.#status.draw(() => this.#progress())
    }
  }

  #progress(): string {
    const h = this.#tap.health()
    const what = this.#plan.dissect ? `${this.#output.messages} messages` : `${this.#output.framesWritten} frames`
    return `${h.packets} packets · ${h.droppedByKernel} dropped · ${what} · ${h.namespaces.length} namespaces · Ctrl-C stops`
  }

  #say(text: string): void {
    this.#status.clear()
    say(text)
  }
}

function needsToEnter(whose: string, otherwise = ''): void {
  if (readCapabilities().has('CAP_SYS_ADMIN')) return
  throw new MtlscopeError('not-permitted', `cannot enter the network namespaces ${whose}`, { hint: `needs CAP_SYS_ADMIN; try: mtlscope doctor${otherwise}` })
}

/** `in web (any), in cart (any)`; this machine's own namespace has no name. */
function placesText(sources: readonly LiveSource[]): string {
  return sources.map((s) => `${s.name === '' ? 'on' : `in ${s.name},`} ${s.interfaces.join(', ')}`).join('; ')
}
