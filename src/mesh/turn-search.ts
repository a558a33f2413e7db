import type { Micros } from '../model/time.ts'
import type { ConnectionTable } from './connection-table.ts'
import type { ClearRole, Exchange } from './exchange.ts'
import type { TimeLine } from './time-line.ts'
import type { Turn, WireConnection, WireView } from './wire-connection.ts'

/** What of one connection was seen while a request was under way. */
export interface CrossedBy {
  readonly connection: WireConnection
  readonly view: WireView
  /** Never empty. */
  readonly turns: readonly Turn[]
  /** Whether no more of its turns can come: the answer is among them, or something later was seen. */
  readonly whole: boolean
  /** For a request with one clear hop: on which side of the wire that is. */
  readonly role: ClearRole
  /** Connections that others like it may have crossed instead, whose client proved itself otherwise. */
  readonly rivals: readonly WireConnection[]
}

/** A sidecar passes a request on sooner than that. */
const MAX_FORWARD_MICROS = 1_000_000
/** Of turns that begin at about the same time so many are looked at, the nearest first. */
const MAX_LOOKS = 256
const MAX_RIVALS = 16
const NO_RIVALS: readonly WireConnection[] = []

/** Whether what was only read near a turn has nothing to do with it: the probe of a sidecar that comes after an answer. A request that came over the wire is answered there after it was answered here. */
export function isBeside({ role, turns }: CrossedBy, { first, endMicros }: Exchange): boolean {
  return role === 'server' && first.message.elapsedMicros !== undefined && turns.at(-1)!.endMicros < endMicros
}

/** The turns between the two clear hops of one request: begun after the one and not after the other. */
export function turnsBetween(connections: ConnectionTable, outer: Exchange, inner: Exchange, preferred: WireConnection | undefined): CrossedBy | undefined {
  const first = firstAfter(connections, outer, inner.atMicros, preferred, inner)
  return first && gather(first, outer.atMicros, outer.endMicros, inner.endMicros, 'client', rivalsBetween(connections, outer, inner, first.connection, outer.hasRival || inner.hasRival))
}

/** Connections that the request may have gone over instead of `own`. @param isUnsure another request like it may be what was read at `outer` or at `inner` */
export function rivalsBetween(connections: ConnectionTable, outer: Exchange, inner: Exchange, own: WireConnection, isUnsure: boolean): readonly WireConnection[] {
  if (!isUnsure) return rivalsAfter(connections, outer, own, inner.atMicros, inner.place)
  return [...rivalsAfter(connections, outer, own, inner.atMicros), ...rivalsBefore(connections, inner, own)]
}

/** The turns next to the only clear hop of a request that was read; `role` says on which side, where that is known. @param sureRole the same, where it was not learnt from other requests */
export function turnsNextTo(
  connections: ConnectionTable, exchange: Exchange, role: ClearRole | undefined, sureRole: ClearRole | undefined, preferred: WireConnection | undefined,
): CrossedBy | undefined {
  const after = role === 'server' ? undefined : firstAfter(connections, exchange, exchange.endMicros, preferred, undefined)
  const before = role === 'client' ? undefined : lastBefore(connections, exchange, preferred)
  // An app that calls another while it answers has a turn on either side: a sidecar is quicker than an app.
  const isBefore = before !== undefined && (after === undefined || exchange.atMicros - before.atMicros <= after.atMicros - exchange.atMicros)
  const own = isBefore ? before : after
  if (own === undefined) return undefined
  const rivals = [...sureRole === 'client' ? [] : rivalsBefore(connections, exchange, own.connection), ...sureRole === 'server' ? [] : rivalsAfter(connections, exchange, own.connection, exchange.endMicros)]
  return isBefore ? gather(own, own.atMicros, exchange.endMicros, exchange.endMicros, 'server', rivals) : gather(own, exchange.atMicros, exchange.endMicros, Infinity, 'client', rivals)
}

function rivalsBefore(connections: ConnectionTable, inner: Exchange, own: WireConnection): readonly WireConnection[] {
  return rivalsOf(own, connections.turnsTo(inner.place), inner.atMicros - MAX_FORWARD_MICROS, inner.atMicros, (turn) => isFrom(inner, turn) && fitsAround(turn, inner))
}

function rivalsAfter(connections: ConnectionTable, outer: Exchange, own: WireConnection, untilMicros: Micros, target = outer.dialledPlace): readonly WireConnection[] {
  return rivalsOf(own, connections.turnsFrom(outer.place), outer.atMicros, untilMicros, (turn) => isTo(target, turn))
}

/** Of requests that are alike and under way at once one may have the other's turn: nothing may be said then that holds of one of them only. */
function rivalsOf(own: WireConnection, line: TimeLine<Turn>, fromMicros: Micros, toMicros: Micros, mayBe: (turn: Turn) => boolean): readonly WireConnection[] {
  let rivals = NO_RIVALS
  const { clientProof } = own.facts
  for (let index = line.firstFrom(fromMicros); index < line.length; index++) {
    const turn = line.items[index]!
    if (turn.atMicros > toMicros) break
    const { connection } = turn
    if (connection.facts.clientProof === clientProof || !isCounted(turn) || !mayBe(turn) || rivals.includes(connection)) continue
    rivals = [...rivals, connection]
    if (rivals.length >= MAX_RIVALS) break
  }
  return rivals
}

/**
 * The first turn that leaves the place of a clear hop after that began, towards the inner hop where there is one, or to whom it dialled
 * where that is known. One of the preferred connection comes first, then one whose answer lies between the answers of the two hops, or the likeliest where only one is known.
 */
function firstAfter(
  connections: ConnectionTable, outer: Exchange, untilMicros: Micros, preferred: WireConnection | undefined, inner: Exchange | undefined,
): Turn | undefined {
  const line = connections.turnsFrom(outer.place)
  const target = inner?.place ?? outer.dialledPlace
  const start = line.firstFrom(outer.atMicros)
  let best: Turn | undefined
  let bestFits = false
  for (let index = start; index < line.length && index < start + MAX_LOOKS; index++) {
    const turn = line.items[index]!
    if (turn.atMicros > untilMicros) break
    if (turn.taken || !isCounted(turn) || !isTo(target, turn) || (inner === undefined && !fitsWithin(turn, outer))) continue
    if (turn.connection === preferred) return turn
    const fits = inner !== undefined && turn.endMicros >= inner.endMicros && turn.endMicros <= outer.endMicros
    if (best !== undefined && (bestFits || !(inner === undefined ? isLikelier(turn, best, outer) : fits))) continue
    best = turn
    bestFits = fits
  }
  return best
}

/**
 * Of turns of two connections in the time of a request: one that was closed before the request was answered said its farewell there, as a tunnel does that another has
 * taken the place of; and what is asked about the connection itself is answered sooner than what is passed on.
 */
function isLikelier(turn: Turn, than: Turn, { endMicros }: Exchange): boolean {
  if (turn.connection === than.connection) return false
  const isOpen = turn.connection.closedMicros > endMicros
  if (isOpen !== than.connection.closedMicros > endMicros) return isOpen
  return turn.endMicros - turn.atMicros > than.endMicros - than.atMicros
}

/** The last turn that came to the place of a clear hop before that began, and is answered after it: another may be the farewell of a connection, or share its own with others. */
function lastBefore(connections: ConnectionTable, exchange: Exchange, preferred: WireConnection | undefined): Turn | undefined {
  const { place, atMicros } = exchange
  const line = connections.turnsTo(place)
  const start = line.lastUntil(atMicros)
  let best: Turn | undefined
  let other: Turn | undefined
  for (let index = start; index >= 0 && index > start - MAX_LOOKS; index--) {
    const turn = line.items[index]!
    if (atMicros - turn.atMicros > MAX_FORWARD_MICROS) break
    if (turn.taken || !isCounted(turn) || !isFrom(exchange, turn) || !fitsAround(turn, exchange)) continue
    if (turn.connection === preferred) return turn
    if (!turn.connection.isShared || turn.endMicros >= exchange.endMicros) best ??= turn
    else other ??= turn
  }
  return best ?? firstAround(line, start + 1, exchange) ?? other
}

/** A turn whose client said more while the request was under way already, of one before it or of the connection: its last record is no beginning then. */
function firstAround(line: TimeLine<Turn>, start: number, exchange: Exchange): Turn | undefined {
  const { atMicros, endMicros, first } = exchange
  if (first.message.elapsedMicros === undefined) return undefined
  for (let index = start; index < line.length && index < start + MAX_LOOKS; index++) {
    const turn = line.items[index]!
    if (turn.atMicros > endMicros) break
    if (turn.firstMicros <= atMicros && turn.endMicros >= endMicros && !turn.taken && isCounted(turn) && isFrom(exchange, turn)) return turn
  }
  return undefined
}

/** What left the place of a request is answered there before that is. Others may share the turn where the connection is shared. */
function fitsWithin(turn: Turn, { endMicros }: Exchange): boolean {
  return turn.connection.isShared || turn.endMicros <= endMicros
}

/** What came to the place of a request is answered after that was, perhaps in a later turn: what a server says of its own accord, as session tickets are, divides them. */
function fitsAround(turn: Turn, { endMicros, first }: Exchange): boolean {
  if (turn.connection.isShared || turn.endMicros >= endMicros || first.message.elapsedMicros === undefined) return true
  const { turns } = turn.view
  for (let index = turns.firstFrom(turn.atMicros); index < turns.length && turns.items[index]!.atMicros <= endMicros; index++) {
    if (turns.items[index]!.endMicros >= endMicros) return true
  }
  return false
}

function isTo(place: string | undefined, { connection }: Turn): boolean {
  return place === undefined || connection.serverPlace === place
}

function isFrom({ callerPlace }: Exchange, { connection }: Turn): boolean {
  return callerPlace === undefined || connection.clientPlace === callerPlace
}

/** Each place divides a connection into turns in its own way, so those of one place count only. */
function isCounted(turn: Turn): boolean {
  return turn.connection.bestView === turn.view
}

/** All turns of its connection that begin in that time, up to the one that is answered from `answerMicros` on: that one holds the answer. */
function gather({ connection, view }: Turn, fromMicros: Micros, toMicros: Micros, answerMicros: Micros, role: ClearRole, rivals: readonly WireConnection[]): CrossedBy {
  const turns: Turn[] = []
  let whole = connection.closedMicros < Infinity || view.lastMicros > toMicros
  for (let index = view.turns.firstFrom(fromMicros); index < view.turns.length; index++) {
    const turn = view.turns.items[index]!
    if (turn.atMicros > toMicros) break
    turns.push(turn)
    if (turn.endMicros < answerMicros) continue
    whole = true
    break
  }
  return { connection, view, turns, whole, role, rivals }
}
