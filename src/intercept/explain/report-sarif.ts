import { HOLE_KINDS } from './hole.ts'
import type { Hole, HoleReport, Severity } from './hole.ts'

const LEVELS: Record<Severity, 'error' | 'warning' | 'note'> = { critical: 'error', high: 'error', medium: 'warning', low: 'note' }
/** What code scanning sorts by, from 0 to 10. */
const SCORES: Record<Severity, string> = { critical: '9.5', high: '8.0', medium: '5.0', low: '3.0' }
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/** SARIF 2.1.0 (OASIS). `artifact`: the file that the rules stand in, where it was one. */
export function sarifReport({ holes, notes, unchecked, unknown }: HoleReport, { version, artifact, place }: { version: string, artifact?: string, place: string }): object {
  const used = [...new Set(holes.map(({ kind }) => kind))]
  return {
    $schema: SCHEMA, version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'mtlscope', version, rules: used.map((kind) => ruleOf(kind, holes)) } },
      invocations: [{ executionSuccessful: true, toolExecutionNotifications: [...said('warning', unknown), ...said('note', [...notes, ...unchecked])] }],
      results: holes.map((hole) => resultOf(hole, used.indexOf(hole.kind), artifact, place)),
    }],
  }
}

function said(level: 'warning' | 'note', texts: readonly string[]): object[] {
  return texts.map((text) => ({ level, message: { text } }))
}

function ruleOf(kind: Hole['kind'], holes: readonly Hole[]): object {
  const worst = holes.find((hole) => hole.kind === kind)!
  return {
    id: kind, shortDescription: { text: HOLE_KINDS[kind].what }, help: { text: worst.fix },
    defaultConfiguration: { level: LEVELS[worst.severity] }, properties: { 'security-severity': SCORES[worst.severity], 'tags': ['security', `point-${HOLE_KINDS[kind].point}`] },
  }
}

function resultOf(hole: Hole, ruleIndex: number, artifact: string | undefined, place: string): object {
  const proof = hole.packet === undefined ? '' : ` Packet: ${hole.packet}; it ${hole.ends}.`
  const physical = artifact === undefined || hole.line === undefined ? {} : { physicalLocation: { artifactLocation: { uri: artifact.split('/').map(encodeURIComponent).join('/') }, region: { startLine: hole.line } } }
  return {
    ruleId: hole.kind, ruleIndex, level: LEVELS[hole.severity], message: { text: `${hole.what}.${proof} Fix: ${hole.fix}.` },
    locations: [{ ...physical, logicalLocations: [{ name: place, kind: 'namespace' }] }],
  }
}
