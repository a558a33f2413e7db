import { plural } from '../base/text.ts'
import type { Edge, Example } from './edge.ts'
import { WORTH, countsText, edgeVerdict, isMutualAsSeen } from './edge-verdict.ts'
import { SEE_IT_BEGIN } from './judge-handshake.ts'
import { concludeLate } from './late.ts'
import type { LateConclusion } from './late.ts'
import { appliedProbes } from './probed.ts'
import type { Probed } from './probed.ts'
import type { Ledger } from './ledger.ts'
import type { CheckReport, EdgeReport, EdgeVerdict, Evidence, Finding, FindingSeverity, ProbeResult, Reason, ReportedHop } from './verdict.ts'

/** What is known beside the packets. */
export interface ReportContext {
  readonly version: string
  /** A file's name, or the places of a live capture. */
  readonly source: string
  readonly packets: number
  /** What limits the claim: packets lost, namespaces not entered, bounds hit. */
  readonly notes: readonly string[]
  readonly probes?: readonly ProbeResult[]
  /** Why an edge that is not mtls is not, from where the caller can look. */
  readonly why?: (edge: Edge, verdict: EdgeVerdict) => readonly Reason[]
  /** The way of its requests, where clear hops were joined with the wire. */
  readonly pathOf?: (edge: Edge) => { readonly path: readonly ReportedHop[], readonly evidence: readonly Evidence[] } | undefined
  readonly canary?: CanaryReport
  /** That chose the edges: see ChosenEdges. */
  readonly filter?: string
  /** That what was decrypted is what the clear hops carried. */
  readonly digestOf?: (edge: Edge) => readonly Evidence[]
}

/** What became of a token that was sent through the app's own path to a server. */
export interface CanaryReport {
  readonly ip: string
  readonly port: number
  readonly verdict: 'leaked' | 'kept' | 'unproved'
  readonly because: string
  readonly evidence: readonly Evidence[]
  readonly findings: readonly Finding[]
}

const SEVERITIES: readonly FindingSeverity[] = ['critical', 'high', 'medium', 'low']

export function buildReport(ledger: Ledger, context: ReportContext): CheckReport {
  const edges = [...ledger.edges.values()].map((edge) => reportEdge(edge, context))
  edges.sort((a, b) => WORTH[a.verdict] - WORTH[b.verdict] || compareText(a.client, b.client) || compareText(a.server, b.server) || a.port - b.port)
  return {
    tool: 'mtlscope check', version: context.version, source: context.source,
    firstMicros: finite(ledger.firstMicros), lastMicros: finite(ledger.lastMicros), edges,
    notes: [...context.notes, ...ledgerNotes(ledger), ...canaryNotes(ledger, context.canary)], clearHops: ledger.clearHops, packets: context.packets,
    ...(context.canary !== undefined && { canary: context.canary.verdict }), ...(context.filter !== undefined && { filter: context.filter }),
  }
}

function reportEdge(edge: Edge, context: ReportContext): EdgeReport {
  const probed = appliedProbes(edge, context.probes ?? [])
  const late = concludeLate(edge, probed)
  const { connections } = late
  const verdict = edgeVerdict(connections)
  const examples = edge.examples.filter((example) => edge.connections[example.verdict] !== undefined)
  const canary = isCanaryOf(edge, context.canary) ? context.canary : undefined
  const digest = context.digestOf?.(edge) ?? []
  const joined = context.pathOf?.(edge)
  const { because, forProof } = reasonOf(edge, verdict, probed, late, examples)
  return {
    client: edge.client, server: edge.server, port: edge.port, verdict, because, ...(forProof !== undefined && { forProof }),
    connections, ...(edge.late > 0 && { joinedLate: edge.late }), ...(Object.keys(late.older).length > 0 && { older: late.older }), refused: edge.refused, firstMicros: finite(edge.firstMicros), lastMicros: finite(edge.lastMicros),
    addresses: { client: [...edge.clientIps], server: [...edge.serverIps] },
    ...(edge.tls !== undefined && { tls: edge.tls }),
    ...(edge.clientIdentity !== undefined && { clientIdentity: edge.clientIdentity }),
    ...((edge.serverIdentity ?? probed.serverIdentity) !== undefined && { serverIdentity: edge.serverIdentity ?? probed.serverIdentity }),
    evidence: [...shownEvidence(verdict, examples), ...late.evidence, ...endingEvidence(edge), ...probed.evidence, ...(joined?.evidence ?? []), ...digest, ...(canary?.evidence ?? [])],
    findings: bySeverity([...edge.findings, ...probed.findings, ...fallbackFindings(edge, examples), ...(canary?.findings ?? [])]),
    why: isMutualAsSeen(connections) ? [] : [...ownReasons(verdict, because), ...(context.why?.(edge, verdict) ?? [])],
    ...(joined !== undefined && { path: joined.path }),
  }
}

function reasonOf(edge: Edge, verdict: EdgeVerdict, { because: probed, connections }: Probed, late: LateConclusion, examples: readonly Example[]): { because: string, forProof?: string } {
  if (verdict === 'mixed') return { because: `its connections differ: ${countsText(late.connections)}`, forProof: examples.find(({ forProof }) => forProof !== undefined)?.forProof }
  if (late.because !== undefined && connections['mtls (inferred)'] === undefined) return { because: late.because, forProof: SEE_IT_BEGIN }
  if (probed !== undefined && verdict === 'mtls') return { because: probed }
  if (probed !== undefined && verdict === 'mtls (inferred)') return { because: probed, forProof: 'capture the first handshake of the sessions too' }
  const example = examples.find((one) => one.verdict === verdict)
  if (example !== undefined) return { because: example.because, ...(example.forProof !== undefined && { forProof: example.forProof }) }
  if (edge.refused > 0) return { because: `no handshake came to its end: ${edge.refusedBecause ?? 'refused'}` }
  return { because: edge.endings > 0 ? 'nothing was seen but the end of connections that are older than the watch' : 'nothing was said that can be judged' }
}

function endingEvidence({ endings }: Edge): Evidence[] {
  if (endings === 0) return []
  return [{ kind: 'late', what: `${plural(endings, 'connection')} that ${endings === 1 ? 'was' : 'were'} there before ended, without more than an alert being said: no verdict` }]
}

/** Where connections differ the first sentence of each kind says which it is. */
function shownEvidence(verdict: EdgeVerdict, examples: readonly Example[]): Evidence[] {
  const first = new Map<string, Example>()
  for (const example of examples) if (!first.has(example.verdict)) first.set(example.verdict, example)
  if (verdict !== 'mixed') return [...first.values()].flatMap(({ evidence }) => [...evidence])
  return [...first.values()].flatMap(({ verdict: own, evidence }) => evidence.map((one) => ({ ...one, what: `${own}: ${one.what}` })))
}

function fallbackFindings(edge: Edge, examples: readonly Example[]): Finding[] {
  const { plaintext = 0, unknown = 0, ...others } = edge.connections
  const encrypted = Object.values(others).reduce((sum, count) => sum + count, 0)
  if (plaintext === 0 || encrypted === 0) return []
  const example = examples.find(({ verdict }) => verdict === 'plaintext')?.evidence[0]
  return [{
    kind: 'plaintext-fallback', severity: 'high',
    what: `${plaintext} of ${plaintext + unknown + encrypted} connections are plaintext beside TLS on the same port`,
    fix: 'make mTLS strict on the server, so that it refuses plaintext',
    ...(example?.frame !== undefined && { frame: example.frame }), ...(example?.atMicros !== undefined && { atMicros: example.atMicros }),
  }]
}

/** What the wire itself says of the cause. */
function ownReasons(verdict: EdgeVerdict, because: string): Reason[] {
  if (verdict === 'tls') return [{ kind: 'no-client-certificate', what: because, fix: 'have the server require a client certificate (strict mTLS), and give the client an identity' }]
  if (verdict === 'mixed') return [{ kind: 'permissive', what: 'the server takes connections of different kinds', fix: 'make mTLS strict on the server' }]
  return []
}

export function bySeverity(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

function ledgerNotes(ledger: Ledger): string[] {
  const notes: string[] = []
  for (const { server, port, protocol, conversations } of ledger.datagrams.values()) {
    notes.push(`not judged: ${protocol} over UDP to ${server}:${port}, ${conversations} ${conversations === 1 ? 'conversation' : 'conversations'}`)
  }
  if (ledger.unjudged > 0) notes.push(`not judged for want of room: ${ledger.unjudged} connections of further edges`)
  if (ledger.withoutEvidence > 0) notes.push(`evidence left out for want of room: ${ledger.withoutEvidence} times`)
  return notes
}

function isCanaryOf({ port, serverIps }: Edge, canary: CanaryReport | undefined): boolean {
  return canary !== undefined && canary.port === port && serverIps.has(canary.ip)
}

/** Where its way is no edge of the report, the report itself tells it. */
function canaryNotes(ledger: Ledger, canary: CanaryReport | undefined): string[] {
  if (canary === undefined || [...ledger.edges.values()].some((edge) => isCanaryOf(edge, canary))) return []
  return [`canary to ${canary.ip}:${canary.port}: ${canary.verdict}: ${canary.because}`, ...canary.findings.map(({ severity, what }) => `${severity}: ${what}`)]
}

function finite(micros: number): number {
  return Number.isFinite(micros) ? micros : 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
