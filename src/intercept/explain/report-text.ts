import { HOLE_KINDS } from './hole.ts'
import type { Hole, HoleReport } from './hole.ts'

/** For a terminal. */
export function holesText({ holes, notes, unchecked, unknown }: HoleReport): string {
  const lines = holes.length === 0 ? [unknown.length === 0 ? 'no holes found' : 'no holes found among what is known', ''] : holes.flatMap((hole, i) => [...holeLines(hole, i), ''])
  if (unknown.length > 0) lines.push('not known', ...unknown.map((text) => `  ${text}`), '')
  if (notes.length > 0) lines.push('notes', ...notes.map((note) => `  ${note}`), '')
  if (unchecked.length > 0) lines.push('not checked', ...unchecked.map((text) => `  ${text}`), '')
  return lines.join('\n')
}

function holeLines(hole: Hole, index: number): string[] {
  const lines = [`${index + 1}. ${hole.severity}  ${hole.what}`, `   ${hole.kind}, point ${HOLE_KINDS[hole.kind].point}`]
  if (hole.packet !== undefined) lines.push(`   packet: ${hole.packet}`, `   ends:   ${hole.ends}`)
  if (hole.rule !== undefined) lines.push(`   rule:   line ${hole.line}: ${hole.rule}`)
  return [...lines, `   fix:    ${hole.fix}`]
}
