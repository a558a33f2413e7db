import { plural } from '../../base/text.ts'
import { countsText } from '../edge-verdict.ts'
import type { Outcome } from '../expectation.ts'
import { outcomeLines } from '../expectation.ts'
import type { CheckReport, EdgeReport, Evidence } from '../verdict.ts'
import { pathText } from './path-text.ts'
import type { Colour } from './signs.ts'
import { SIGNS, identityText, instantText, placeText } from './signs.ts'
import { tlsText } from './tls-text.ts'

export interface TextStyle {
  /** Text as the output may show it: what a peer said may hold anything. */
  readonly safe: (text: string) => string
  readonly paint: (colour: Colour, text: string) => string
}

const LABEL_WIDTH = 'mtls (inferred)'.length
/** Longer edges push their own figures to the right. */
const MAX_EDGE_WIDTH = 48

/** For people: one line an edge, its evidence below. */
export function textReport(report: CheckReport, outcome: Outcome, { safe, paint }: TextStyle): string {
  const width = Math.min(MAX_EDGE_WIDTH, Math.max(0, ...report.edges.map((edge) => edgeText(edge).length)))
  const lines: string[] = []
  for (const edge of report.edges) lines.push(...edgeLines(edge, width, { safe, paint }), '')
  if (report.edges.length === 0) lines.push('no edges were seen', '')
  if (report.clearHops > 0) lines.push(paint('grey', `${plural(report.clearHops, 'clear connection')} on the loopback, between apps and their proxies: as it should be, and no edge`))
  for (const note of report.notes) lines.push(paint('grey', safe(note)))
  lines.push(...outcomeLines(outcome).map(safe))
  return `${lines.join('\n').trimEnd()}\n`
}

export function edgeText({ client, server, port }: Pick<EdgeReport, 'client' | 'server' | 'port'>): string {
  return `${client} → ${server.includes(':') ? `[${server}]` : server}:${port}`
}

function edgeLines(edge: EdgeReport, width: number, { safe, paint }: TextStyle): string[] {
  const { sign, colour, label } = SIGNS[edge.verdict]
  const count = Object.values(edge.connections).reduce((sum, n) => sum + n, 0)
  const head = `${paint(colour, `${sign} ${label.padEnd(LABEL_WIDTH)}`)}  ${paint('bold', safe(edgeText(edge)).padEnd(width))}  ${plural(count, 'connection')}`
  const lines = [edge.allowed === undefined ? head : `${head}  ${paint('grey', `allowed by ${safe(edge.allowed)}`)}`]
  const add = (text: string, colour?: Colour): void => { lines.push(`    ${colour === undefined ? safe(text) : paint(colour, safe(text))}`) }
  if (edge.leftOut !== undefined) add(edge.leftOut, 'amber')
  add(edge.because)
  if (edge.path !== undefined) add(pathText(edge.path))
  if (edge.tls !== undefined) add(tlsText(edge.tls))
  if (edge.verdict === 'mixed') add(`${countsText(edge.connections)}${edge.refused > 0 ? `, ${edge.refused} refused` : ''}`)
  else if (edge.refused > 0) add(`${plural(edge.refused, 'handshake')} failed`)
  if (edge.clientIdentity !== undefined) add(`client  ${identityText(edge.clientIdentity)}`)
  if (edge.serverIdentity !== undefined) add(`server  ${identityText(edge.serverIdentity)}`)
  for (const evidence of edge.evidence) add(evidenceText(evidence), 'grey')
  for (const finding of edge.findings) {
    add(`${finding.severity}: ${finding.what}${inBrackets(placeText(finding))}`, finding.severity === 'critical' || finding.severity === 'high' ? 'red' : 'amber')
    add(`  fix: ${finding.fix}`)
  }
  for (const { what, fix } of edge.why) {
    add(`why not: ${what}`)
    add(`  fix: ${fix}`)
  }
  if (edge.forProof !== undefined) add(`for proof: ${edge.forProof}`)
  return lines
}

export function evidenceText(evidence: Evidence): string {
  return `${evidence.what}${inBrackets(placeText(evidence))}`
}

function inBrackets(place: string): string {
  return place === '' ? '' : ` (${place})`
}

/** `2026-11-21T10:46:02.985149Z to 10:46:07.1Z`. */
export function spanText({ firstMicros, lastMicros }: CheckReport): string {
  return `${instantText(firstMicros)} to ${instantText(lastMicros)}`
}
