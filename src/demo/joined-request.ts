import { jsonText } from '../base/json-text.ts'
import type { JoinedHop, JoinedRequest, JoinedVerdict } from '../mesh/hop-join.ts'
import type { Micros } from '../model/time.ts'
import { TimeText } from '../tap/time-text.ts'
import { SHOP } from './plan.ts'
import { countText } from '../base/text.ts'
import type { Segment } from './segment.ts'
import { WIRES } from './shown-request.ts'
import type { ShownRequest, Wire } from './shown-request.ts'

/**
 * In the demo the sidecar that answers accepts nobody without a certificate, so where the length of the client's encrypted
 * flight speaks for one, there was one.
 */
const WIRE_OF: Record<JoinedVerdict, Wire> = {
  'mtls-seen': 'mtls', 'mtls-inferred': 'mtls', 'tls-one-way': 'tls-one-way', 'tls': 'tls', 'plaintext': 'clear', 'wire-not-seen': 'unknown',
}

const INFERRED = 'mTLS is inferred: client flight too long without a certificate'

const utc = new TimeText(true)

/** As a line of the screen. */
export function shownRequest(joined: JoinedRequest): ShownRequest {
  const { message } = joined
  const wire = WIRE_OF[joined.verdict]
  const from = joined.from ?? '?'
  const to = joined.to ?? '?'
  return {
    atMicros: joined.atMicros, from, to, wire,
    what: message.what, status: message.status, outcome: message.outcome, elapsedMicros: joined.elapsedMicros,
    details: detailsOf(joined, to), hops: hopsOf(joined.hops, from, to, wire),
    ...(joined.verdict === 'mtls-inferred' && { evidence: INFERRED }),
  }
}

/** As one line of JSON, for `-o json`: docs/demo.md gives every field. */
export function joinedLine(joined: JoinedRequest): string {
  const { message } = joined
  return jsonText({
    at: utc.rfc3339(joined.atMicros), protocol: message.protocol, from: joined.from, to: joined.to, verdict: joined.verdict,
    elapsedMicros: joined.elapsedMicros, what: message.what, status: message.status, outcome: message.outcome, complete: message.complete,
    request: message.request, response: message.response, hops: joined.hops.map(jsonHop),
    notes: [...message.notes, ...joined.notes],
  }) + '\n'
}

function jsonHop(hop: JoinedHop): object {
  const { kind, atMicros, ...rest } = hop
  return { kind, at: atMicros === undefined ? undefined : instant(atMicros), ...rest }
}

function instant(at: Micros): string {
  return utc.rfc3339(at)
}

function detailsOf(joined: JoinedRequest, to: string): string[] {
  const tls = joined.hops.find((hop) => hop.kind === 'tls')
  if (tls?.kind === 'tls') return [tls.version, tls.group].filter((text) => text !== undefined)
  const bare = SHOP.some((service) => service.name === to && !service.sidecar)
  return joined.verdict === 'plaintext' && bare ? [`${to} has no sidecar`] : joined.notes.slice(0, 1)
}

/** `web ─clear─ sidecar ═ 5 records, 1 204 B unreadable ═ sidecar ─clear─ cart`; `?` stands where nothing was seen. */
function hopsOf(hops: readonly JoinedHop[], from: string, to: string, wire: Wire): Segment[] {
  const at = hops.findIndex((hop) => hop.kind !== 'clear')
  const crossing = hops[at]
  if (crossing === undefined) return [{ text: `${from} ─clear─ sidecar ? ${to}`, colour: 'grey' }]
  const unseen = crossing.kind === 'tls' ? ' ? sidecar ' : ' '
  const before = at > 0 ? ' ─clear─ sidecar ' : unseen
  const after = at < hops.length - 1 ? ' sidecar ─clear─ ' : unseen.replace('? sidecar', 'sidecar ?')
  return [{ text: from + before, colour: 'grey' }, drawCrossing(crossing, wire), { text: after + to, colour: 'grey' }]
}

function drawCrossing(hop: JoinedHop, wire: Wire): Segment {
  const { colour } = WIRES[wire]
  if (hop.kind !== 'tls') return { text: '─── readable by anyone on the wire ───', colour }
  if (hop.records === undefined) return { text: '═ encrypted ═', colour }
  return { text: `═ ${countText(hop.records)} ${hop.records === 1 ? 'record' : 'records'}, ${countText(hop.bytes ?? 0)} B unreadable ═`, colour }
}
