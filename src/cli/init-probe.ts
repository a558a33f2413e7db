import { probeRules } from '../intercept/probe/probe-rules.ts'
import type { ProbeAnswer } from '../intercept/probe/probe-rules.ts'
import type { Plan } from '../intercept/plan/plan.ts'
import { printable } from '../tap/printable.ts'
import type { NamedPlace } from './init-place.ts'
import type { Tell } from './init-run.ts'

const SIGNS: Readonly<Record<ProbeAnswer['result'], string>> = { 'held': '●', 'failed': '×', 'not asked': '·' }

/** `--probe`: 1 where something did not hold. */
export async function probe(plan: Plan, { path, name }: NamedPlace, tell: Tell): Promise<number> {
  const answers = await probeRules(plan, path)
  const lines = answers.map(({ result, what, found }) => printable(`${SIGNS[result]} ${what}: ${found}`))
  const failed = answers.filter(({ result }) => result === 'failed').length
  const last = failed > 0 ? `${failed} of ${answers.length} did not hold` : 'nothing gets past'
  tell(`${name}, as ${plan.preset} has it:\n${lines.join('\n')}\n${last}\n`, { place: name, preset: plan.preset, answers })
  return failed > 0 ? 1 : 0
}
