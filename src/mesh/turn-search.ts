import type { Micros } from '../model/time.ts'
import type { ConnectionTable } from './connection-table.ts'
import type { ClearRole, Exchange } from './exchange.ts'
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
}

/** A sidecar passes a request on sooner than that. */
const MAX_FORWARD_MICROS = 1_000_000
/** Of turns that begin at about the same time so many are looked at, the nearest first. */
const MAX_LOOKS = 256

/** Whether what was only read near a turn has nothing to do with it: the probe of a sidecar that comes after an answer. A request that came over the wire is answered there after it was answered here. */
export function isBeside({ role, turns }: CrossedBy, { first, endMicros }: Exchange): boolean {
  return role === 'server' && first.message.elapsedMicros !== undefined && turns.at(-1)!.endMicros < endMicros
}

/** The turns between the two clear hops of one request: begun after the one and not after the other. */
export function turnsBetween(connections: ConnectionTable, outer: Exchange, inner: Exchange, preferred: WireConnection | undefined): CrossedBy | undefined {
  const first = firstAfter(connections, outer, inner.atMicros, preferred, inner)
  return first && gather(first, outer.atMicros, outer.endMicros, inner.endMicros, 'client')
}

/** The turns next to the only clear hop of a request that was read; `role` says on which side, where that is known. */
export function turnsNextTo(connections: ConnectionTable, exchange: Exchange, role: ClearRole | undefined, preferred: WireConnection | undefined): CrossedBy | undefined {
  const after = role === 'server' ? undefined : firstAfter(connections, exchange, exchange.endMicros, preferred, undefined)
  const before = role === 'client' ? undefined : lastBefore(connections, exchange, preferred)
  // An app that calls another while it answers has a turn on either side: a sidecar is quicker than an app.
  if (before !== undefined && (after === undefined || exchange.atMicros - before.atMicros <= after.atMicros - exchange.atMicros)) {
    return gather(before, before.atMicros, exchange.endMicros, exchange.endMicros, 'server')
  }
  return after && gather(after, exchange.atMicros, exchange.endMicros, Infinity, 'client')
}

/**
 * The first turn that leaves the place of a clear hop after that began, towards the inner hop where there is one, or to whom it dialled
 * where that is known. One of the preferred connection comes first, then one whose answer lies between the answers of the two hops.
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
    if (!counts(turn) || (target !== undefined && turn.connection.serverPlace !== target)) continue
    if (turn.connection === preferred) return turn
    const fits = inner !== undefined && turn.endMicros >= inner.endMicros && turn.endMicros <= outer.endMicros
    if (best !== undefined && (bestFits || !fits)) continue
    best = turn
    bestFits = fits
  }
  return best
}

/** The last turn that came to the place of a clear hop before that began. */
function lastBefore(connections: ConnectionTable, { place, callerPlace, atMicros }: Exchange, preferred: WireConnection | undefined): Turn | undefined {
  const line = connections.turnsTo(place)
  const start = line.lastUntil(atMicros)
  let best: Turn | undefined
  for (let index = start; index >= 0 && index > start - MAX_LOOKS; index--) {
    const turn = line.items[index]!
    if (atMicros - turn.atMicros > MAX_FORWARD_MICROS) break
    if (!counts(turn) || (callerPlace !== undefined && turn.connection.clientPlace !== callerPlace)) continue
    if (turn.connection === preferred) return turn
    best ??= turn
  }
  return best
}

/** Each place divides a connection into turns in its own way, so those of one place count only. */
function counts(turn: Turn): boolean {
  return turn.connection.bestView === turn.view
}

/** All turns of its connection that begin in that time, up to the one that is answered from `answerMicros` on: that one holds the answer. */
function gather({ connection, view }: Turn, fromMicros: Micros, toMicros: Micros, answerMicros: Micros, role: ClearRole): CrossedBy {
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
  return { connection, view, turns, whole, role }
}
