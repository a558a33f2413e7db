import type { RequestHalf } from '../model/api.ts'
import { crossingOf } from './crossing.ts'
import type { Exchange } from './exchange.ts'
import type { ClientProof, JoinedHop, JoinedRequest, JoinedVerdict, TlsHop } from './joined-request.ts'
import { commonFacts } from './tls-facts.ts'
import type { CrossedBy } from './turn-search.ts'
import type { WireConnection } from './wire-connection.ts'

/** The parts that were found of one request. */
export interface Parts {
  /** Read in the clear at its client, at its server, or somewhere of which that is not known. */
  readonly outer?: Exchange
  readonly inner?: Exchange
  readonly lone?: Exchange
  /** Read on a wire. */
  readonly wire?: Exchange
  readonly crossed?: CrossedBy
  /** TLS connections between the two that were open at the time, where nothing crossed that is surely its own. */
  readonly open?: readonly WireConnection[]
  /** Others that it may have crossed instead of those. */
  readonly rivals?: readonly WireConnection[]
  /** It cannot be told from a request in plaintext, or what would tell was not captured: nothing is said of the wire. */
  readonly isInDoubt?: boolean
  /** Namespaces from which anything came. */
  readonly watched: ReadonlySet<string>
}

const VERDICTS: Record<ClientProof, JoinedVerdict> = { certificate: 'mtls-seen', inferred: 'mtls-inferred', none: 'tls-one-way', unknown: 'tls' }

/** Says what was seen, and what was not. */
export function describeRequest(parts: Parts): JoinedRequest {
  const { outer, inner, lone, wire, crossed } = parts
  const tls = wire !== undefined ? undefined : crossed !== undefined && !isDoubtful(parts) ? turnHop(crossed) : connectionHop(parts)
  const seen = (outer ?? wire ?? inner ?? lone)!.first.message
  const hops: JoinedHop[] = []
  for (const hop of [outer?.hop(), lone?.hop(), wire?.hop(), tls, inner?.hop()]) if (hop !== undefined) hops.push(hop)
  const connection = crossed?.connection ?? parts.open?.[0]
  return {
    atMicros: seen.atMicros, elapsedMicros: seen.elapsedMicros,
    from: nameOf(outer?.place ?? wire?.clientPlace ?? connection?.clientPlace),
    to: nameOf(inner?.place ?? wire?.serverPlace ?? connection?.serverPlace),
    message: seen, hops,
    verdict: wire !== undefined ? 'plaintext' : tls === undefined ? 'wire-not-seen' : VERDICTS[tls.clientProof],
    notes: notesOf(parts, tls),
    ...halfOf(parts),
  }
}

/** Of several connections that each carry several requests it is not known which one carried this. */
function isDoubtful({ crossed, open = [] }: Parts): boolean {
  return crossed?.connection.isShared === true && open.length > 1
}

function halfOf({ outer, inner, wire, crossed }: Parts): { half?: RequestHalf } {
  const only = outer === undefined ? inner : inner === undefined ? outer : undefined
  if (wire !== undefined) return wire.flows.length > 1 ? {} : { half: { side: wire.clientPlace === wire.place ? 'client' : 'server', doubt: 'plaintext' } }
  return only !== undefined && crossed !== undefined ? { half: crossingOf(crossed, only) } : {}
}

function turnHop({ connection, view, turns, rivals }: CrossedBy): TlsHop {
  const { client, server } = connection
  const facts = rivals.length === 0 ? connection.facts : commonFacts([connection, ...rivals].map((one) => one.facts))
  return {
    kind: 'tls', client, server, ...facts, evidence: 'turn',
    records: turns.reduce((sum, turn) => sum + turn.records, 0),
    bytes: turns.reduce((sum, turn) => sum + turn.bytes, 0),
    atMicros: turns[0]!.atMicros,
    ...seenAt([connection], view.place),
  }
}

/** Between two places where the request was read there were only these. */
function connectionHop({ outer, inner, open, crossed, rivals = crossed?.rivals ?? [] }: Parts): TlsHop | undefined {
  const [first] = open ?? []
  if (open === undefined || first === undefined) return undefined
  // Who was dialled decides where a request went, whichever of those that are alike was read there.
  const isOneOfMany = (outer?.hasRival === true || inner?.hasRival === true) && (outer?.dialledPlace === undefined || outer.dialledPlace !== inner?.place)
  return {
    kind: 'tls', client: first.client, server: first.server, ...commonFacts([...open, ...rivals].map((connection) => connection.facts)), ...isOneOfMany && { clientProof: 'unknown' as const }, evidence: 'connection',
    records: undefined, bytes: undefined, atMicros: undefined, ...seenAt(open, first.clientPlace),
  }
}

/** The view that the figures are of comes first. */
function seenAt(connections: readonly WireConnection[], place: string): { seenIn: string[], flows: string[] } {
  const views = connections.flatMap((connection) => connection.views).sort((a, b) => Number(b.place === place) - Number(a.place === place))
  return { seenIn: [...new Set(views.map((view) => view.place).filter((name) => name !== ''))], flows: views.map((view) => view.flowId) }
}

function notesOf({ outer, inner, wire, crossed, isInDoubt, watched }: Parts, tls: TlsHop | undefined): string[] {
  const notes: string[] = []
  if (tls?.evidence === 'connection') notes.push('its records were not told apart: what is said of the wire is what the open connections between the two are')
  if (tls?.evidence === 'turn' && crossed?.connection.isShared === true) notes.push('the connection carries several requests at once: of its records some may be of others')
  if (tls?.version === undefined && tls !== undefined) notes.push(`the handshake of the connection was not seen${tls.evidence === 'turn' ? ': should it carry several requests at once, some of its records may be of others' : ''}`)
  if (tls?.resumed === true) notes.push('the connection resumes a session: certificates were shown before')
  if (tls?.evidence === 'turn' && crossed!.rivals.length > 0) notes.push('others like it were under way over other connections: only what is true of all of these is said')
  if (isInDoubt === true) notes.push('whether it crossed the wire in plaintext cannot be told: one like it did, or what left this place was not captured')
  if (tls === undefined && wire === undefined) notes.push('nothing of it was seen on a wire')
  const clientPlace = wire?.clientPlace ?? crossed?.connection.clientPlace
  const serverPlace = wire?.serverPlace ?? crossed?.connection.serverPlace
  if (tls !== undefined && outer === undefined && clientPlace !== undefined) notes.push(missing(clientPlace, watched))
  if (tls !== undefined && inner === undefined && serverPlace !== undefined) notes.push(missing(serverPlace, watched))
  return notes
}

function missing(place: string, watched: ReadonlySet<string>): string {
  return watched.has(place) ? `not seen in the clear in ${place}` : `nothing is captured in ${place}`
}

function nameOf(place: string | undefined): string | undefined {
  return place === '' ? undefined : place
}
