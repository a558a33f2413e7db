import type { Check, CheckGroup } from '../sys/check.ts'
import { tapWorks } from '../sys/probe.ts'
import { printable } from '../tap/printable.ts'

const HEADINGS: Record<CheckGroup, string> = {
  machine: 'This machine',
  tap: 'tap: capture live',
  demo: 'demo: a small mesh on this machine',
  optional: 'Optional',
}

const SIGNS = { ok: ['✓', 'yes', 32], failed: ['✗', 'no', 31], absent: ['–', 'none', 90] } as const

/** Most columns that a fact takes before the purposes stop being aligned. */
const MAX_FOUND = 48

/** The table for people: a heading for each group, a line for each check, the fix under what is missing. Ends in a newline. */
export function formatChecks(checks: readonly Check[], colour: boolean): string {
  const paint = (code: number, text: string): string => colour ? `\u001b[${code}m${text}\u001b[0m` : text
  const nameWidth = Math.max(...checks.map((c) => c.name.length))
  const foundWidth = Math.min(MAX_FOUND, Math.max(...checks.map((c) => printable(c.found).length)))
  const lines: string[] = []
  for (const group of Object.keys(HEADINGS) as CheckGroup[]) {
    const members = checks.filter((c) => c.group === group)
    if (members.length === 0) continue
    lines.push(...(lines.length > 0 ? [''] : []), paint(1, HEADINGS[group]))
    members.forEach(({ name, state, found, purpose, fix }, i) => {
      const [sign, word, code] = SIGNS[state]
      lines.push(`  ${paint(code, `${sign} ${word.padEnd(4)}`)}  ${name.padEnd(nameWidth)}  ${printable(found).padEnd(foundWidth)}  ${paint(90, purpose)}`)
      // One remedy for several stands under the last of them.
      if (state !== 'ok' && fix !== undefined && fix !== members[i + 1]?.fix) lines.push(`${' '.repeat(nameWidth + 12)}fix: ${printable(fix)}`)
    })
  }
  lines.push('', conclusion(checks))
  return `${lines.join('\n')}\n`
}

/** What works here, in a sentence. */
export function conclusion(checks: readonly Check[]): string {
  const demo = checks.filter((c) => c.group === 'demo' && c.name !== 'user-namespaces').every((c) => c.state === 'ok')
  const userNamespaces = checks.some((c) => c.name === 'user-namespaces' && c.state === 'ok')
  if (tapWorks(checks)) return `tap works here${demo ? ', and so does demo' : '; demo lacks a part'}`
  const reading = 'tap cannot capture live here (tap -r FILE works)'
  return demo && userNamespaces ? `${reading}; demo works, in a user namespace` : reading
}
