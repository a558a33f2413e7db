import { VERSION } from '../base/version.ts'
import { Ledger } from '../check/ledger.ts'
import { buildReport } from '../check/report.ts'
import type { EdgeReport, EdgeVerdict, Evidence, FindingSeverity } from '../check/verdict.ts'
import type { CheckAnswer, CheckEdge, CheckEvidence, CheckVerdict, JsonRecord } from '../model/api.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Selection } from '../store/store.ts'
import type { Hub } from './hub.ts'
import { sideFilter } from './map-answer.ts'
import { asFlow, asMessage } from './record-message.ts'
import { recordedHandshake } from './recorded-handshake.ts'

/** Witnesses of one report: handshakes, and one message of each connection that was read. */
const MAX_WITNESSES = 50_000
const AT_ONCE = 500

const VERDICTS: Readonly<Record<EdgeVerdict, CheckVerdict>> = { mtls: 'mtls', 'mtls (inferred)': 'mtls-inferred', tls: 'tls', mixed: 'mixed', unknown: 'unknown', plaintext: 'plaintext' }
const SEVERITIES: Readonly<Record<FindingSeverity, CheckEdge['findings'][number]['severity']>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note' }

/** What the stored messages prove of each edge, as `mtlscope check` judges. */
export async function checkAnswer(hub: Hub, selection: Selection): Promise<CheckAnswer> {
  const ledger = new Ledger()
  const flows = new Map<string, FlowInfo>()
  const ids = await hub.store.witnesses(selection, MAX_WITNESSES)
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    for (const { line } of await hub.store.records(ids.slice(i, i + AT_ONCE))) addWitness(ledger, flows, JSON.parse(line) as JsonRecord)
  }
  const notes = ids.length < MAX_WITNESSES ? [] : [`only the first ${MAX_WITNESSES} messages that prove something were judged`]
  const report = buildReport(ledger, { version: VERSION, source: hub.options.title, packets: 0, notes })
  const edges = report.edges.map(edgeOf)
  const counts: Record<CheckVerdict, number> = { mtls: 0, 'mtls-inferred': 0, tls: 0, plaintext: 0, mixed: 0, unknown: 0 }
  for (const edge of edges) counts[edge.verdict]++
  return { edges, counts, notes: [...report.notes, ...clearNote(report.clearHops)] }
}

/** Messages of one connection share what is known of it. */
function addWitness(ledger: Ledger, flows: Map<string, FlowInfo>, record: JsonRecord): void {
  let flow = flows.get(record.flow)
  if (flow === undefined) flows.set(record.flow, flow = asFlow(record))
  ledger.add(flow, asMessage(record), { facts: recordedHandshake(record) })
}

function clearNote(hops: number): string[] {
  return hops === 0 ? [] : [`${hops} connections on a loopback between apps and their proxies are in the clear, as they should be`]
}

function edgeOf(edge: EdgeReport): CheckEdge {
  const { client, server, port, because, forProof } = edge
  const why = edge.why.map((reason) => reason.what).join('; ')
  const fix = [...edge.why.map((reason) => reason.fix), ...(forProof === undefined ? [] : [`for proof: ${forProof}`])].join('; ')
  return {
    from: client, to: `${server}:${port}`, verdict: VERDICTS[edge.verdict], connections: Object.values(edge.connections).reduce((sum, count) => sum + count, 0),
    evidence: [{ text: because }, ...edge.evidence.map(evidenceOf)],
    findings: edge.findings.map(({ severity, what }) => ({ severity: SEVERITIES[severity], text: what })),
    ...(why !== '' && { why }), ...(fix !== '' && { fix }),
    filter: `hop == "wire" && ${sideFilter('src', client)} && ${sideFilter('dst', server)} && dst.port == ${port}`,
  }
}

function evidenceOf({ what, frame, atMicros }: Evidence): CheckEvidence {
  return { text: what, ...(frame !== undefined && { frames: [frame] }), ...(atMicros !== undefined && { atMicros }) }
}
