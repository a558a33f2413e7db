import { basename } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { jsonText } from '../base/json-text.ts'
import { worseEdges } from '../check/baseline.ts'
import type { Outcome } from '../check/expectation.ts'
import { allowEdges, judgeReport } from '../check/expectation.ts'
import { leaveOutOlder } from '../check/older.ts'
import type { CheckReport } from '../check/verdict.ts'
import { printable } from '../tap/printable.ts'
import { runCheckFile } from './check-file.ts'
import type { CheckPlan } from './check-plan.ts'
import { planCheck } from './check-plan.ts'
import type { CheckFlags } from './check.ts'
import { interruptSignal } from './interrupt.ts'
import { sayWarning } from './say.ts'
import { SyncOutput } from './stdout.ts'
import { withDecodeAs } from './tap-run.ts'
import { useColour } from './terminal.ts'

/** Handshakes live just long enough to leave the nursery: with V8's own factor a flood of them takes three times the memory before it is collected. */
const GROW_SLOWLY = '--heap-growing-percent=20'

/** Runs `mtlscope check`; resolves with the exit code. */
export async function runCheck(flags: CheckFlags): Promise<number> {
  const planned = planCheck(flags)
  setFlagsFromString(GROW_SLOWLY)
  const plan: CheckPlan = { ...planned, tap: await withDecodeAs(planned.tap) }
  if (flags.redact === false) sayWarning('nothing is redacted in what is shown as proof')
  const signal = interruptSignal()
  let report: CheckReport
  try {
    if (flags.evidence === true) return await (await import('./check-evidence.ts')).runCheckEvidence(plan, signal)
    report = flags.read === undefined ? await watch(plan, signal) : await runCheckFile(flags.read, plan, signal)
  } finally {
    if (flags.podsFrom !== undefined) (await import('./session-input.ts')).SessionInput.open().release()
    signal.dispose()
  }
  return await conclude(report, plan)
}

/** Live capture loads the system call layer; a file needs none of it. */
async function watch(plan: CheckPlan, signal: AbortSignal): Promise<CheckReport> {
  if (plan.tap.pods && await (await import('./outside.ts')).isFromOutside(plan.flags)) return await (await import('./check-remote.ts')).runCheckRemote(plan, signal)
  const { runCheckLive } = await import('./check-live.ts')
  return await runCheckLive(plan, signal)
}

async function conclude(whole: CheckReport, plan: CheckPlan): Promise<number> {
  const report = allowEdges(plan.flags.newOnly === true ? leaveOutOlder(whole) : whole, plan.allow)
  const outcome = judgeReport(report, plan.flags.expect, plan.allow)
  if (plan.baseline === undefined) return await print(report, outcome, plan)
  const { edges, worse } = worseEdges(report, plan.baseline)
  return await print({ ...report, edges }, { ...outcome, worse, holds: outcome.holds && worse.length === 0 }, plan)
}

async function print(report: CheckReport, outcome: Outcome, plan: CheckPlan): Promise<number> {
  new SyncOutput(1, 'the output').write(await render(report, outcome, plan))
  return outcome.holds ? 0 : 1
}

async function render(report: CheckReport, outcome: Outcome, { flags }: CheckPlan): Promise<string> {
  switch (flags.output) {
    case 'json': return `${jsonText((await import('../check/report/json.ts')).jsonReport(report, outcome))}\n`
    case 'junit': return (await import('../check/report/junit.ts')).junitReport(report, outcome)
    case 'sarif': return `${jsonText((await import('../check/report/sarif.ts')).sarifReport(report, outcome, artifactOf(flags)))}\n`
    case 'html': return (await import('../check/report/html.ts')).htmlReport(report, outcome)
    case 'md': return (await import('../check/report/md.ts')).mdReport(report, outcome)
    default: return await renderText(report, outcome)
  }
}

const CODES = { green: '32', amber: '33', red: '31', grey: '90', bold: '1' } as const

async function renderText(report: CheckReport, outcome: Outcome): Promise<string> {
  const { textReport } = await import('../check/report/text.ts')
  const coloured = useColour(process.stdout)
  return textReport(report, outcome, {
    safe: printable, paint: (colour, text) => coloured ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text,
  })
}

/** SARIF wants a file to point to. */
function artifactOf({ read }: CheckFlags): string | undefined {
  return read === undefined || read === '-' ? undefined : basename(read)
}

