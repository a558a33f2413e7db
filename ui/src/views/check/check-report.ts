import type { CheckAnswer } from '../../../../src/model/api.ts'
import { verdictShown } from '../../model/verdict-look.ts'

/** The check as a page of text, for a ticket or a mail. */
export function reportText(answer: CheckAnswer): string {
  const lines: string[] = ['What the wire proves, worst first', '']
  for (const edge of answer.edges) {
    lines.push(`${edge.from} -> ${edge.to}: ${verdictShown(edge.verdict).text} (${edge.connections} connections)`)
    for (const { text, frames } of edge.evidence) lines.push(`  - ${text}${frames === undefined || frames.length === 0 ? '' : ` [frames ${frames.join(', ')}]`}`)
    for (const { severity, text } of edge.findings) lines.push(`  ${severity}: ${text}`)
    if (edge.why !== undefined) lines.push(`  why: ${edge.why}`)
    if (edge.fix !== undefined) lines.push(`  fix: ${edge.fix}`)
    lines.push('')
  }
  return [...lines, ...answer.notes, ''].join('\n')
}
