import { plural } from '../../base/text.ts'
import type { Outcome } from '../expectation.ts'
import { outcomeLines } from '../expectation.ts'
import type { CheckReport, EdgeReport } from '../verdict.ts'
import { pathText } from './path-text.ts'
import { markup } from './markup.ts'
import { SIGNS, identityText } from './signs.ts'
import { edgeText, evidenceText, spanText } from './text.ts'
import { tlsText } from './tls-text.ts'

/** Markdown (GitHub's): a table of the edges, then each with its evidence. */
export function mdReport(report: CheckReport, outcome: Outcome): string {
  const lines = [
    '# mTLS check', '', `${safe(report.source)} · ${spanText(report)} · ${plural(report.packets, 'packet')}`, '',
    ...outcomeLines(outcome).map((line) => `**${safe(line)}**  `), '',
    '| | verdict | edge | connections | because |', '|---|---|---|---:|---|',
    ...report.edges.map((edge) => `| \`${SIGNS[edge.verdict].sign}\` | ${edge.verdict} | ${safe(edgeText(edge))} | ${Object.values(edge.connections).reduce((sum, n) => sum + n, 0)} | ${safe(edge.because)} |`),
    '',
  ]
  for (const edge of report.edges) lines.push(...edgeSection(edge))
  if (report.clearHops > 0) lines.push(`${plural(report.clearHops, 'clear connection')} on the loopback, between apps and their proxies: as it should be, and no edge.`, '')
  if (report.notes.length > 0) lines.push('## Notes', '', ...report.notes.map((note) => `- ${safe(note)}`), '')
  return `${lines.join('\n').trimEnd()}\n`
}

function edgeSection(edge: EdgeReport): string[] {
  const items: string[] = edge.leftOut === undefined ? [] : [edge.leftOut]
  if (edge.path !== undefined) items.push(pathText(edge.path))
  if (edge.tls !== undefined) items.push(tlsText(edge.tls))
  if (edge.clientIdentity !== undefined) items.push(`client: ${identityText(edge.clientIdentity)}`)
  if (edge.serverIdentity !== undefined) items.push(`server: ${identityText(edge.serverIdentity)}`)
  items.push(...edge.evidence.map(evidenceText))
  for (const { severity, what, fix } of edge.findings) items.push(`**${severity}**: ${what}; fix: ${fix}`)
  for (const { what, fix } of edge.why) items.push(`why not: ${what}; fix: ${fix}`)
  if (edge.forProof !== undefined) items.push(`for proof: ${edge.forProof}`)
  if (edge.allowed !== undefined) items.push(`allowed by ${edge.allowed}`)
  return [`## \`${SIGNS[edge.verdict].sign}\` ${safe(edgeText(edge))}: ${edge.verdict}`, '', ...items.map((item) => `- ${item.startsWith('**') ? `**${item.slice(2, item.indexOf('**', 2))}**${safe(item.slice(item.indexOf('**', 2) + 2))}` : safe(item)}`), '']
}

/** Nothing that a peer says is markup, a link or the end of a cell. */
function safe(text: string): string {
  return markup(text).replaceAll('&#39;', '\'').replaceAll('&quot;', '"').replace(/[\\`*_{}[\]|~]/g, (character) => `\\${character}`).replace(/\r?\n/g, ' ').replace(/^(\s*)([#>+-])/, '$1\\$2').replace(/^(\s*\d+)([.)])/, '$1\\$2').replaceAll('://', ':&#47;&#47;')
}
