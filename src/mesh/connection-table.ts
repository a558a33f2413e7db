import type { Endpoint } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { HopMessage } from './joined-request.ts'
import { SessionMemory, sessionEnds } from './session-memory.ts'
import { TimeLine } from './time-line.ts'
import { clientRandom, offersTunnel, tlsFacts, tlsKind } from './tls-facts.ts'
import type { Turn } from './wire-connection.ts'
import { WireConnection } from './wire-connection.ts'

const MAX_CONNECTIONS = 4096
/** Of all that belong to no request: the oldest quarter is forgotten then. */
const MAX_TURNS = 32_768
/** For so long turns that several requests share are kept, where there are many. */
const SHARED_MICROS = 5_000_000
const NO_TURNS: TimeLine<Turn> = new TimeLine()

/** The TLS connections that are known, and their turns, by the places that they join. The connection that is quiet for longest is forgotten first. */
export class ConnectionTable {
  readonly #byAddress = new Map<string, WireConnection>()
  readonly #byEdge = new Map<string, Set<WireConnection>>()
  readonly #sessions = new SessionMemory()
  readonly #turnsFrom = new Map<string, TimeLine<Turn>>()
  readonly #turnsTo = new Map<string, TimeLine<Turn>>()
  /** As they came. */
  #turns: Turn[] = []
  readonly #placeOf: (endpoint: Endpoint, place: string) => string
  readonly #full: (what: string) => void

  /** `full` is called when something is forgotten for want of room. */
  constructor(placeOf: (endpoint: Endpoint, place: string) => string, full: (what: string) => void) {
    this.#placeOf = placeOf
    this.#full = full
  }

  /** A message of protocol `tls`. */
  add(seen: HopMessage): void {
    const kind = tlsKind(seen.message)
    const connection = this.#open(seen, kind === 'handshake' ? clientRandom(seen.message) : undefined)
    connection.viewOf(seen)
    if (kind === 'handshake') this.#learn(connection, seen)
    else if (kind === 'ciphertext') this.#addTurn(connection, seen)
    else if (kind === 'closed') connection.closedMicros = seen.message.atMicros
  }

  /** Those from one place to another that were open in that time. */
  between(clientPlace: string, serverPlace: string, fromMicros: Micros, toMicros: Micros): WireConnection[] {
    return [...this.#byEdge.get(edgeKey(clientPlace, serverPlace)) ?? []].filter((connection) => connection.isOpenBetween(fromMicros, toMicros))
  }

  /** Whether there is one of those. */
  areJoined(clientPlace: string, serverPlace: string, fromMicros: Micros, toMicros: Micros): boolean {
    for (const connection of this.#byEdge.get(edgeKey(clientPlace, serverPlace)) ?? []) {
      if (connection.isOpenBetween(fromMicros, toMicros)) return true
    }
    return false
  }

  /** Those that were taken are among them. */
  turnsFrom(clientPlace: string): TimeLine<Turn> {
    return this.#turnsFrom.get(clientPlace) ?? NO_TURNS
  }

  /** Those that were taken are among them. */
  turnsTo(serverPlace: string): TimeLine<Turn> {
    return this.#turnsTo.get(serverPlace) ?? NO_TURNS
  }

  /** They belong to a request now. They are still known: others may have been in their place. */
  take(turns: readonly Turn[]): void {
    for (const turn of turns) {
      turn.taken = true
      turn.view.turns.remove(turn)
    }
  }

  /** Forgets connections that were closed before that and turns that were taken, and turns that nobody wanted. */
  expire(beforeMicros: Micros, turnsBeforeMicros: Micros): void {
    for (const [key, connection] of this.#byAddress) {
      if (connection.closedMicros < beforeMicros) this.#remove(key, connection)
    }
    this.#keepTurns((turn) => turn.atMicros >= (turn.taken ? beforeMicros : turnsBeforeMicros))
  }

  /** One of the two ends may have joined late: what says more stays. */
  #learn(connection: WireConnection, seen: HopMessage): void {
    connection.random ??= clientRandom(seen.message)
    connection.isShared ||= offersTunnel(seen.message)
    const facts = this.#sessions.learn(sessionEnds(connection), tlsFacts(seen.message))
    if (connection.facts.version === undefined || connection.facts.clientProof === 'unknown') connection.facts = facts
  }

  #addTurn(connection: WireConnection, seen: HopMessage): void {
    const turn = connection.addTurn(seen)
    if (turn === undefined) return
    lineOf(this.#turnsFrom, connection.clientPlace).insert(turn)
    lineOf(this.#turnsTo, connection.serverPlace).insert(turn)
    if (this.#turns.push(turn) > MAX_TURNS) this.#makeRoom(turn.atMicros - SHARED_MICROS)
  }

  /** Those of connections that many requests share are taken by none. */
  #makeRoom(sharedBeforeMicros: Micros): void {
    this.#keepTurns((turn) => !turn.taken && !(turn.connection.isShared && turn.atMicros < sharedBeforeMicros))
    if (this.#turns.length < MAX_TURNS * 3 / 4) return
    this.#full('turns that the join remembers')
    let count = MAX_TURNS / 4
    this.#keepTurns(() => count-- <= 0)
  }

  #keepTurns(isKept: (turn: Turn) => boolean): void {
    const before = this.#turns.length
    this.#turns = this.#turns.filter((turn) => {
      if (isKept(turn)) return true
      turn.forgotten = true
      if (!turn.taken) turn.view.turns.remove(turn)
      return false
    })
    if (this.#turns.length === before) return
    for (const lines of [this.#turnsFrom, this.#turnsTo]) keepInLines(lines)
  }

  #open(seen: HopMessage, random: string | undefined): WireConnection {
    const { client, server, namespace = '' } = seen.flow
    const key = `${client.ip} ${client.port} ${server.ip} ${server.port}`
    const known = this.#byAddress.get(key)
    if (known?.previous !== undefined && isOf(known.previous, seen, random)) return known.previous
    // The same ports again, later: another connection.
    const isOld = known !== undefined && (known.closedMicros < seen.flow.firstMicros || isOther(known, random))
    if (isOld) this.#remove(key, known)
    if (known === undefined || isOld) return this.#insert(key, new WireConnection(seen, this.#placeOf(client, namespace), this.#placeOf(server, namespace), known))
    this.#byAddress.delete(key)
    this.#byAddress.set(key, known)
    return known
  }

  #insert(key: string, connection: WireConnection): WireConnection {
    this.#byAddress.set(key, connection)
    const edge = edgeKey(connection.clientPlace, connection.serverPlace)
    const onEdge = this.#byEdge.get(edge)
    if (onEdge === undefined) this.#byEdge.set(edge, new Set([connection]))
    else onEdge.add(connection)
    if (this.#byAddress.size > MAX_CONNECTIONS) {
      const [oldestKey, oldest] = this.#byAddress.entries().next().value!
      this.#remove(oldestKey, oldest)
      this.#full('connections that the join remembers')
    }
    return connection
  }

  #remove(key: string, connection: WireConnection): void {
    this.#byAddress.delete(key)
    const edge = edgeKey(connection.clientPlace, connection.serverPlace)
    const onEdge = this.#byEdge.get(edge)
    onEdge?.delete(connection)
    if (onEdge?.size === 0) this.#byEdge.delete(edge)
  }
}

/** Whether something that comes late was said on a connection whose ports another has by now. */
function isOf(connection: WireConnection, { flow, message }: HopMessage, random: string | undefined): boolean {
  return message.atMicros <= connection.closedMicros && flow.firstMicros <= connection.closedMicros && !isOther(connection, random) && (connection.closedMicros < Infinity || random !== undefined)
}

function isOther({ random }: WireConnection, other: string | undefined): boolean {
  return random !== undefined && other !== undefined && random !== other
}

function lineOf(lines: Map<string, TimeLine<Turn>>, place: string): TimeLine<Turn> {
  const known = lines.get(place)
  if (known !== undefined) return known
  const line = new TimeLine<Turn>()
  lines.set(place, line)
  return line
}

function keepInLines(lines: Map<string, TimeLine<Turn>>): void {
  for (const [place, line] of lines) {
    line.keep((turn) => !turn.forgotten)
    if (line.length === 0) lines.delete(place)
  }
}

function edgeKey(clientPlace: string, serverPlace: string): string {
  return `${clientPlace}\n${serverPlace}`
}
