import { VERSION } from '../base/version.ts'
import { ChosenEdges } from '../check/chosen-edges.ts'
import type { Edge } from '../check/edge.ts'
import { edgeVerdict } from '../check/edge-verdict.ts'
import { Ledger } from '../check/ledger.ts'
import { buildReport } from '../check/report.ts'
import type { CheckReport, EdgeReport, EdgeVerdict, Evidence, FindingSeverity, Reason } from '../check/verdict.ts'
import type { CheckAnswer, CheckEdge, CheckEvidence, CheckVerdict, JsonRecord } from '../model/api.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Selection, StoredRecord } from '../store/store.ts'
import type { Hub } from './hub.ts'
import { sideFilter } from './map-answer.ts'
import { asFlow, asMessage } from './record-message.ts'
import { brokenOf, recordedHandshake } from './recorded-handshake.ts'

/** Witnesses of one report: handshakes, and one message of each connection that was read. */
const MAX_WITNESSES = 50_000
const AT_ONCE = 500

const VERDICTS: Readonly<Record<EdgeVerdict, CheckVerdict>> = { mtls: 'mtls', 'mtls (inferred)': 'mtls-inferred', tls: 'tls', mixed: 'mixed', unknown: 'unknown', plaintext: 'plaintext' }
const SEVERITIES: Readonly<Record<FindingSeverity, CheckEdge['findings'][number]['severity']>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note' }

/** What the stored messages prove of each edge, for the viewer. */
export async function checkAnswer(hub: Hub, selection: Selection): Promise<CheckAnswer> {
  const report = await checkReport(hub, selection)
  const edges = report.edges.map(edgeOf)
  const counts: Record<CheckVerdict, number> = { mtls: 0, 'mtls-inferred': 0, tls: 0, plaintext: 0, mixed: 0, unknown: 0 }
  for (const edge of edges) counts[edge.verdict]++
  return { edges, counts, notes: [...report.notes, ...clearNote(report.clearHops)] }
}

/** The same as `mtlscope check` judges and reports it. */
export async function checkReport(hub: Hub, selection: Selection): Promise<CheckReport> {
  const ledger = new Ledger()
  const flows = new Map<string, FlowInfo>()
  const { q = '', ...everything } = selection
  const ids = await hub.store.witnesses(everything, MAX_WITNESSES)
  await eachRecord(hub, ids, ({ row, line }) => addWitness(ledger, flows, row.id, JSON.parse(line) as JsonRecord))
  ledger.end()
  const filtered = q.trim() === '' ? [] : (await chosenEdges(hub, selection)).applyTo(ledger, q)
  const { reasons, notes: ruleNotes } = await reasonsOf(hub, ledger)
  const notes = [
    ...(ids.length < MAX_WITNESSES ? [] : [`only the first ${MAX_WITNESSES} messages that prove something were judged`]), ...ruleNotes, ...filtered,
  ]
  return buildReport(ledger, {
    version: VERSION, source: hub.options.title, packets: hub.packetsSeen, notes, why: (edge) => reasons.get(edge) ?? [], ...(q.trim() !== '' && { filter: q }),
  })
}

/** From the rules and processes of the namespaces, where they can be read. */
async function reasonsOf(hub: Hub, ledger: Ledger): Promise<{ reasons: Map<Edge, readonly Reason[]>, notes: readonly string[] }> {
  const reasons = new Map<Edge, readonly Reason[]>()
  const source = hub.reasons?.()
  if (source === undefined) return { reasons, notes: [] }
  for (const edge of ledger.edges.values()) {
    const verdict = edgeVerdict(edge.connections)
    if (verdict !== 'mtls') reasons.set(edge, await source.reasonsOf(edge, verdict))
  }
  return { reasons, notes: source.notes }
}

async function eachRecord(hub: Hub, ids: readonly number[], take: (record: StoredRecord) => void): Promise<void> {
  for (let i = 0; i < ids.length; i += AT_ONCE) for (const record of await hub.store.records(ids.slice(i, i + AT_ONCE))) take(record)
}

/** Those of the connections, or of the joined requests, of which a message is let through. */
async function chosenEdges(hub: Hub, selection: Selection): Promise<ChosenEdges> {
  const chosen = new ChosenEdges()
  await eachRecord(hub, await hub.store.witnesses(selection, MAX_WITNESSES), ({ row, line }) => {
    chosen.add(asFlow(JSON.parse(line) as JsonRecord))
    if (row.way?.from !== undefined && row.way.to !== undefined) chosen.addWay(row.way.from, row.way.to)
  })
  return chosen
}

/** Messages of one connection share what is known of it. */
function addWitness(ledger: Ledger, flows: Map<string, FlowInfo>, storedAs: number, record: JsonRecord): void {
  let flow = flows.get(record.flow)
  if (flow === undefined) flows.set(record.flow, flow = asFlow(record))
  ledger.add(flow, asMessage(record), { facts: recordedHandshake(record), broken: brokenOf(record), storedAs })
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
    ...(why !== '' && { why }), ...(fix !== '' && { fix }), causes: edge.why.map((reason) => ({ kind: reason.kind, what: reason.what, fix: reason.fix })),
    filter: `hop == "wire" && ${sideFilter('src', client)} && ${sideFilter('dst', server)} && dst.port == ${port}`,
  }
}

function evidenceOf({ what, frame, atMicros, message }: Evidence): CheckEvidence {
  return { text: what, ...(message !== undefined && { message }), ...(frame !== undefined && { frames: [frame] }), ...(atMicros !== undefined && { atMicros }) }
}
