import { VERSION } from '../base/version.ts'
import { plural } from '../base/text.ts'
import type { CheckReport, ProbeResult, ProbeTarget } from '../check/verdict.ts'
import { buildReport } from '../check/report.ts'
import { podName } from '../kube/pod.ts'
import { CheckOutput, reasonsOf } from './check-live.ts'
import { checkNotes } from './check-notes.ts'
import type { CheckPlan } from './check-plan.ts'
import { askForConsent, planTargets } from './check-probe.ts'
import { NodeRuns } from './node-runs.ts'
import type { Outside } from './outside.ts'
import { openOutside } from './outside.ts'
import { passedArgs, refuseLocal } from './remote-args.ts'
import { RemoteHealth } from './remote-health.ts'
import { readLines } from './remote-lines.ts'
import { RemotePlaces } from './remote-places.ts'
import { say } from './say.ts'
import { StatusLine } from './status-line.ts'

const NOT_HERE = { keylog: 'run it on the node, where the key log is', canary: 'run it on the node: sudo mtlscope check PODS --canary …', exe: 'leave it out: pods are found without it' }

/** A probe is sent as the user of the proxy whose client it stands for. */
const PROBE_CAPABILITIES = ['SETUID', 'SETGID']

/** `check` of pods from outside the cluster: what agents see on all nodes in one report. */
export async function runCheckRemote(plan: CheckPlan, signal: AbortSignal): Promise<CheckReport> {
  refuseLocal({ ...plan.flags }, NOT_HERE)
  const outside = await openOutside(plan.flags, plan.flags.probe === true ? PROBE_CAPABILITIES : [])
  try {
    return await checkNodes(outside, plan, signal)
  } finally {
    await outside.close()
  }
}

async function checkNodes(outside: Outside, plan: CheckPlan, signal: AbortSignal): Promise<CheckReport> {
  const { flags } = plan
  const output = new CheckOutput().on(new StatusLine())
  const health = new RemoteHealth()
  const places = new RemotePlaces(outside.pods)
  const runs = new NodeRuns(outside, {
    args: ['check', '--pods-from', '-', '--evidence', '--health-every', '2s', ...passedArgs({ interface: flags.interface, port: flags.port, notPort: flags.notPort, host: flags.host, decodeAs: flags.decodeAs, workers: flags.workers, redact: flags.redact, filter: flags.filter })],
    read: (run, index) => {
      places.add(run)
      readLines(run.process.stdout, {
        lines: (bytes, count) => output.lines(bytes, count),
        aside: (text) => { if (!places.hear(run, text)) health.take(index, text) },
      }).catch(() => {
        // The connection broke: its run says so.
      })
    },
  })
  try {
    await runs.start(signal)
    await runs.until(signal, flags.for, () => false)
    await output.finish(undefined)
    runs.end()
    await places.ready()
    places.notes.push(...runs.missing.map(({ node, why }) => `node ${node} was not watched to the end: ${why}`))
    return await report(outside, plan, output, health, places, signal.aborted ? new AbortController().signal : signal)
  } finally {
    runs.close()
  }
}

async function report(outside: Outside, plan: CheckPlan, output: CheckOutput, health: RemoteHealth, places: RemotePlaces, signal: AbortSignal): Promise<CheckReport> {
  const { flags } = plan
  const { ledger, paths, digests } = output
  ledger.end()
  paths.end()
  const filtered = output.leaveOut(plan)
  const probes = flags.probe === true ? await probeThere(outside, planTargets([...ledger.edges.values()], places), places, flags.yes === true, signal) : []
  const why = await reasonsOf(ledger, places)
  const total = health.total()
  return buildReport(ledger, {
    version: VERSION, source: sourceText(outside), packets: total.packets, notes: [...checkNotes(total, false), ...places.notes, ...leftAlone(outside), ...filtered], ...(flags.filter !== undefined && { filter: flags.filter }), probes, canary: undefined,
    why: (edge) => why.get(edge) ?? [], pathOf: (edge) => paths.pathOf(edge), digestOf: (edge) => digests.evidenceOf(edge),
  })
}

/** By the agents on the nodes of clients. Addresses of pods and services of these namespaces need no consent. */
async function probeThere(outside: Outside, targets: readonly ProbeTarget[], places: RemotePlaces, agreed: boolean, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const own = new Set(Object.keys(outside.pods.names()))
  const foreign = targets.filter(({ ip }) => !own.has(ip))
  const mayTouch = foreign.length === 0 || agreed || await askForConsent([...new Set(foreign.map(({ ip }) => ip))])
  const chosen = targets.filter(({ ip }) => mayTouch || own.has(ip))
  if (chosen.length === 0 || signal.aborted) return []
  say(`probing ${plural(chosen.length, 'server port')}`)
  return await places.probe(chosen)
}

function sourceText({ pods, choice }: Outside): string {
  const count = [...pods.byNode().values()].flat().length
  return `${plural(count, 'pod')} ${choice.namespaces === undefined ? 'of all namespaces' : `of ${choice.namespaces.join(', ')}`} on ${plural(pods.byNode().size, 'node')}`
}

function leftAlone({ pods }: Outside): string[] {
  return pods.chosen.filter(({ hostNetwork, isOver }) => hostNetwork && !isOver).map((pod) => `not watched: ${podName(pod)}: it is on the network of its node`)
}
