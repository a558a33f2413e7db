import { MtlscopeError } from '../base/errors.ts'
import { FileWatch } from '../base/file-watch.ts'
import { choosePlanSource } from '../proxy/config/plan-source.ts'
import type { PlanSource } from '../proxy/config/plan-source.ts'
import { ConfigError } from '../proxy/config/problem.ts'
import { formatHostPort } from '../proxy/config/addresses.ts'
import type { SidecarEngine } from '../proxy/service/engine.ts'
import { Sidecar } from '../proxy/service/sidecar.ts'
import type { SidecarPlan } from '../proxy/sidecar-plan.ts'
import { ConnectionLog } from './connection-log.ts'
import { say, sayError, sayWarning } from './say.ts'
import { checkSidecar, printSidecar } from './sidecar-check.ts'
import type { SidecarFlags } from './sidecar.ts'

/** Runs `mtlscope sidecar`; resolves with the exit code. */
export async function runSidecar(flags: SidecarFlags): Promise<number> {
  const source = choosePlanSource(flags.config, process.env)
  const plan = read(source, flags)
  if (plan === undefined) return 1
  if (flags.print === true) return printSidecar(plan, flags.engine)
  if (flags.check === true) return checkSidecar(source.name, plan, flags)
  return new SidecarRun(source, flags, plan, await loadEngine(flags.engine)).run()
}

async function loadEngine(name: 'embedded' | 'envoy'): Promise<SidecarEngine> {
  if (name === 'embedded') return (await import('../proxy/service/embedded-engine.ts')).relayEngine
  const { locateEnvoy } = await import('../proxy/envoy-binary.ts')
  return (await import('../proxy/service/envoy-engine.ts')).envoySidecarEngine(locateEnvoy())
}

/** Undefined where it is bad: every problem was told then. */
function read(source: PlanSource, flags: SidecarFlags): SidecarPlan | undefined {
  try {
    const plan = source.read()
    return flags.output === undefined ? plan : { ...plan, log: flags.output }
  } catch (error) {
    if (error instanceof ConfigError) for (const problem of error.problems) sayError(problem)
    else if (error instanceof MtlscopeError) sayError(error)
    else throw error
    return undefined
  }
}

const ENDS = { SIGTERM: 143, SIGINT: 130 } as const

/** One sidecar from its start to its end, with the signals that reach it. */
class SidecarRun {
  readonly #source: PlanSource
  readonly #flags: SidecarFlags
  readonly #sidecar: Sidecar
  readonly #isEnvoy: boolean
  readonly #log = new ConnectionLog(sayWarning)
  #plan: SidecarPlan
  #watch: FileWatch | undefined
  #endAsked: () => void = () => {}
  readonly #ending: Promise<void>

  constructor(source: PlanSource, flags: SidecarFlags, plan: SidecarPlan, engine: SidecarEngine) {
    this.#source = source
    this.#flags = flags
    this.#plan = plan
    this.#isEnvoy = engine.name === 'envoy'
    this.#ending = new Promise((resolve) => { this.#endAsked = resolve })
    this.#sidecar = new Sidecar(plan, engine, {
      connections: (batch) => this.#log.write(batch, this.#plan.log),
      say, warn: sayWarning, error: sayError,
      ready: () => say(`ready: ${summary(this.#plan)}${this.#isEnvoy ? ', by Envoy' : ''}`),
    })
  }

  async run(): Promise<number> {
    // The name by which a scan of the mesh recognises it: the executable is node.
    process.title = 'mtlscope-sidecar'
    const signals = this.#followSignals()
    // From the beginning: what keeps it from getting an identity may be in the file.
    if (this.#source.file !== undefined) this.#watch = new FileWatch([this.#source.file], () => this.#reload('it changed'))
    try {
      const isEnding = await this.#untilReady()
      if (!isEnding) await Promise.race([this.#ending, this.#sidecar.wantsEnd])
      await this.#drain()
      return 0
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      sayError(error)
      return error.exitCode
    } finally {
      this.#watch?.close()
      await this.#sidecar.close()
      await this.#log.end()
      signals.dispose()
    }
  }

  /** True where it was told to end before. */
  #untilReady(): Promise<boolean> {
    const started = this.#sidecar.start().then(() => false)
    // Where the end came first, nobody waits for this one any more.
    started.catch(() => {})
    return Promise.race([started, Promise.race([this.#ending, this.#sidecar.wantsEnd]).then(() => true)])
  }

  async #drain(): Promise<void> {
    say('draining: no new connections')
    const cut = await this.#sidecar.drain()
    await this.#log.end()
    say(cut === 0 ? 'ended' : `ended, ${cut === 1 ? '1 connection was' : `${cut} connections were`} cut off`)
  }

  #followSignals(): { dispose(): void } {
    let isEnding = false
    const end = (signal: keyof typeof ENDS): void => {
      if (isEnding) process.exit(ENDS[signal])
      isEnding = true
      this.#endAsked()
    }
    const reload = (): void => this.#reload('SIGHUP')
    process.on('SIGHUP', reload).on('SIGTERM', end).on('SIGINT', end)
    return { dispose: () => { process.off('SIGHUP', reload).off('SIGTERM', end).off('SIGINT', end) } }
  }

  #reload(why: string): void {
    const plan = read(this.#source, this.#flags)
    if (plan === undefined) {
      this.#sidecar.reloadFailed()
      return sayWarning(`${this.#source.name} cannot be used, the configuration before is kept`)
    }
    this.#sidecar.reload(plan).then((isTaken) => {
      if (!isTaken) return
      this.#plan = plan
      say(`read ${this.#source.name} again (${why})`)
    }, (error: Error) => {
      if (!(error instanceof MtlscopeError)) throw error
      sayError(error)
      sayWarning(`${this.#source.name} cannot be used, the configuration before is kept`)
    }).catch((error: Error) => { process.nextTick(() => { throw error }) })
  }
}

function summary({ inbound, outbound, admin }: SidecarPlan): string {
  const parts: string[] = []
  if (inbound !== undefined) parts.push(`inbound ${inbound.mode} ${inbound.listen.map(formatHostPort).join(' ')}`)
  if (outbound !== undefined && outbound.mode !== 'none') parts.push(`outbound ${outbound.mode} ${outbound.listen.map(formatHostPort).join(' ')}`)
  if (outbound !== undefined && outbound.map.length > 0) parts.push(`${outbound.map.length} mapped`)
  return `${parts.join(', ')}, admin ${formatHostPort(admin)}`
}
