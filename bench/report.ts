import type { Goal, Row } from './contract.ts'
import { median } from './contract.ts'

/** What one bench gave, as it is printed and as `--json` writes it. */
export interface Result {
  readonly name: string
  readonly claim: string
  readonly rows: readonly Row[]
}

/** Medians of an earlier run by `bench/metric`. */
export type Earlier = ReadonlyMap<string, number>

export function earlierOf(results: readonly Result[]): Earlier {
  return new Map(results.flatMap((result) => result.rows.map((row) => [`${result.name}/${row.metric}`, median(row.samples)] as const)))
}

export function renderResult(result: Result, earlier?: Earlier): string {
  const lines = result.rows.flatMap((row) => renderRow(row, earlier === undefined ? undefined : earlier.get(`${result.name}/${row.metric}`) ?? NaN))
  return [`${result.name}: ${result.claim}`, ...lines, ''].join('\n')
}

function renderRow(row: Row, before: number | undefined): string[] {
  const ours = median(row.samples)
  const range = `${figure(Math.min(...row.samples))} to ${figure(Math.max(...row.samples))}, ${row.samples.length} runs`
  const lines = [`  ${row.metric.padEnd(40)} ${figure(ours).padStart(9)} ${row.unit}   (${row.samples.length === 1 ? '1 run' : range})`]
  for (const peer of row.peers ?? []) {
    const theirs = median(peer.samples)
    lines.push(`    ${peer.name.padEnd(38)} ${figure(theirs).padStart(9)} ${row.unit}   ${ratio(theirs, ours)}`)
  }
  if (before !== undefined) lines.push(`    ${'before'.padEnd(38)} ${figure(before).padStart(9)} ${row.unit}   now ${figure(ours / before)} of that`)
  if (row.goal !== undefined) lines.push(`    goal: ${goalText(row.goal, row.unit)}: ${reached(row) ? 'reached' : 'MISSED'}`)
  if (row.note !== undefined) lines.push(`    ${row.note}`)
  return lines
}

function ratio(theirs: number, ours: number): string {
  return theirs >= ours ? `${figure(theirs / ours)} times ours` : `ours is ${figure(ours / theirs)} times that`
}

function goalText(goal: Goal, unit: string): string {
  if ('atMost' in goal) return `at most ${goal.atMost} ${unit}`
  if ('atLeast' in goal) return `at least ${goal.atLeast} ${unit}`
  if ('timesLessThan' in goal) return `at least ${goal.factor} times less than ${goal.timesLessThan}`
  return `at least ${goal.factor} of ${goal.shareOf}`
}

/** Whether the medians keep the row's goal. A goal against a peer that was not measured is not reached. */
export function reached(row: Row): boolean {
  const ours = median(row.samples)
  const goal = row.goal
  if (goal === undefined) return true
  if ('atMost' in goal) return ours <= goal.atMost
  if ('atLeast' in goal) return ours >= goal.atLeast
  const name = 'timesLessThan' in goal ? goal.timesLessThan : goal.shareOf
  const peer = row.peers?.find((candidate) => candidate.name === name)
  if (peer === undefined) return false
  const theirs = median(peer.samples)
  return 'timesLessThan' in goal ? theirs / ours >= goal.factor : ours / theirs >= goal.factor
}

/** Three significant digits, and no exponent. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}
