import { VERSION } from '../base/version.ts'
import { countText } from '../base/text.ts'
import { ChosenEdges } from '../check/chosen-edges.ts'
import { ContentDigests } from '../check/content-digests.ts'
import type { Edge } from '../check/edge.ts'
import { edgeVerdict } from '../check/edge-verdict.ts'
import { Ledger } from '../check/ledger.ts'
import { buildReport } from '../check/report.ts'
import type { CheckReport, Reason } from '../check/verdict.ts'
import type { Health } from '../model/health.ts'
import { emptyHealth } from '../model/health.ts'
import type { EvidenceLine } from '../tap/evidence-line.ts'
import { checkNotes } from './check-notes.ts'
import { sendCanary } from './check-canary.ts'
import { CheckPaths } from './check-paths.ts'
import type { Places } from './check-places.ts'
import { CheckPlaces } from './check-places.ts'
import type { CheckPlan } from './check-plan.ts'
import { probeEdges } from './check-probe.ts'
import type { PodPlaceHere } from './pod-places.ts'
import { readReasons } from './check-why.ts'
import type { StatusLine } from './status-line.ts'
import { runTapLive } from './tap-live.ts'
import type { LiveOutput } from './tap-output.ts'

/** `check -i`, `--pid`, `--netns`, `--mesh`: until Ctrl-C or `--for`, then the probes, then the report. */
export async function runCheckLive(plan: CheckPlan, signal: AbortSignal): Promise<CheckReport> {
  const output = new CheckOutput()
  await runTapLive(plan.tap, signal, (status) => output.on(status))
  const { ledger, paths, digests, health } = output
  ledger.end()
  paths.end()
  const filtered = output.leaveOut(plan)
  const places = new CheckPlaces(plan.flags, plan.tap.flags, plan.tap.mesh, plan.tap.pods ? await podPlaces(plan) : [])
  // Where Ctrl-C ended the watch, a second one ends the program; where the time was over, the first one ends what follows.
  const unbroken = signal.aborted ? new AbortController().signal : signal
  const canary = plan.canary === undefined ? undefined : await sendCanary(plan.canary, places, unbroken)
  const probes = plan.flags.probe === true ? await probeEdges(ledger, places, plan.flags.yes === true, unbroken) : []
  const why = await reasonsOf(ledger, places)
  return buildReport(ledger, {
    version: VERSION, source: placesText(health), packets: health.packets, notes: [...checkNotes(health, false), ...places.notes, ...filtered], probes, canary, ...(plan.flags.filter !== undefined && { filter: plan.flags.filter }),
    why: (edge) => why.get(edge) ?? [], pathOf: (edge) => paths.pathOf(edge), digestOf: (edge) => digests.evidenceOf(edge),
  })
}

/** What reads a kubeconfig is of no use to others. */
async function podPlaces({ flags }: CheckPlan): Promise<PodPlaceHere[]> {
  const { readPodPlaces } = await import('./pod-places.ts')
  return await readPodPlaces(flags, flags.procfs)
}

/** Rules can be read where namespaces can be entered. */
export async function reasonsOf(ledger: Ledger, places: Places): Promise<Map<Edge, readonly Reason[]>> {
  const reasons = new Map<Edge, readonly Reason[]>()
  for (const edge of ledger.edges.values()) reasons.set(edge, await readReasons(edge, edgeVerdict(edge.connections), places))
  return reasons
}

function placesText({ namespaces }: Health): string {
  const names = namespaces.map(({ name, interfaces }) => name === '' ? interfaces.join(', ') : name)
  return names.length === 0 ? 'live' : names.join(', ')
}

/** What a live tap says goes into the ledger. */
export class CheckOutput implements LiveOutput {
  readonly ledger = new Ledger()
  readonly paths = new CheckPaths()
  readonly digests = new ContentDigests()
  readonly done = false
  readonly framesWritten = 0
  health = emptyHealth()
  readonly #chosen = new ChosenEdges()
  #messages = 0
  #status: StatusLine | undefined

  on(status: StatusLine): this {
    this.#status = status
    return this
  }

  get messages(): number {
    return this.#messages
  }

  lines(text: Uint8Array, lines: number): void {
    this.#messages += lines
    for (const line of Buffer.from(text.buffer, text.byteOffset, text.length).toString().split('\n')) {
      if (line === '') continue
      const { flow, message, facts, broken, digest, chosen } = JSON.parse(line) as EvidenceLine
      if (chosen === true) this.#chosen.add(flow)
      this.ledger.add(flow, message, { facts, broken })
      if (digest !== undefined) this.digests.add(flow, message, digest)
      this.paths.add(flow, message, facts)
    }
    this.#status?.draw(() => `${countText(this.ledger.edges.size)} edges · ${countText(this.#messages)} pieces of evidence · Ctrl-C ends the watch`)
  }

  /** Edges that `--filter` does not choose go; notes for the report. */
  leaveOut({ flags }: CheckPlan): string[] {
    return flags.filter === undefined ? [] : this.#chosen.applyTo(this.ledger, flags.filter)
  }

  frames(): void {}

  finish(health: Health | undefined): Promise<void> {
    if (health !== undefined) this.health = health
    this.#status?.clear()
    return Promise.resolve()
  }
}
