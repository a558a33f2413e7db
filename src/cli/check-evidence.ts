import { jsonText } from '../base/json-text.ts'
import type { SessionQuestion } from '../kube/session/session-lines.ts'
import type { ProbeResult, ProbeTarget } from '../check/verdict.ts'
import { CheckPlaces } from './check-places.ts'
import type { CheckPlan } from './check-plan.ts'
import { probeTargets } from './check-probe.ts'
import { readPodPlaces } from './pod-places.ts'
import { sayWarning } from './say.ts'
import { SessionInput } from './session-input.ts'
import { runTapLive } from './tap-live.ts'
import { TapOutput } from './tap-output.ts'
import { randomPrefix } from './tap-run.ts'

/** `check --evidence`: what was seen goes to standard output as it comes; then questions about the places are answered, until standard input ends. */
export async function runCheckEvidence(plan: CheckPlan, signal: AbortSignal): Promise<number> {
  let output: TapOutput | undefined
  const code = await runTapLive({ ...plan.tap, flowPrefix: randomPrefix() }, signal, (status) => output = new TapOutput(plan.tap, status, false))
  const places = new CheckPlaces(plan.flags, plan.tap.flags, plan.tap.mesh, await readPodPlaces(plan.flags, plan.flags.procfs))
  const write = (answer: object): void => void output?.lines(Buffer.from(`${jsonText({ answer })}\n`), 1)
  write({ id: 0 })
  await SessionInput.open().answerAll((question) => {
    answerTo(question, places).then((answer) => write({ id: question.id, ...answer }), (error: unknown) => {
      sayWarning((error as Error).message)
      write({ id: question.id })
    })
  })
  return code
}

async function answerTo(question: SessionQuestion, places: CheckPlaces): Promise<object> {
  if ('rules' in question) return { facts: await places.read(question.rules), notes: places.notes.splice(0) }
  return { results: await probe(question.probe as readonly ProbeTarget[], places) }
}

/** Whoever asks has agreed. Their `netnsPath` is the name of a pod. */
async function probe(asked: readonly ProbeTarget[], places: CheckPlaces): Promise<readonly ProbeResult[]> {
  const targets = asked.flatMap((target) => {
    const netnsPath = target.netnsPath === undefined ? undefined : places.pathOf(target.netnsPath)
    return netnsPath === undefined ? [] : [{ ...target, netnsPath }]
  })
  const names = new Map(places.names.map((name) => [places.pathOf(name), name]))
  const results = await probeTargets(targets, places, new Set(), () => true, new AbortController().signal)
  return results.map((result) => ({ ...result, ...result.namespace !== undefined && { namespace: names.get(result.namespace) ?? result.namespace } }))
}
