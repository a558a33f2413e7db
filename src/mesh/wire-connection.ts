import type { Endpoint } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { HopMessage } from './joined-request.ts'
import { TimeLine } from './time-line.ts'
import type { TlsFacts } from './tls-facts.ts'
import { NO_FACTS } from './tls-facts.ts'

/** The records of one request come within this, where nothing else is before them. */
const MAX_BURST_MICROS = 20_000

/** One turn of ciphertext: the client's burst of records and the server's. */
export interface Turn {
  readonly connection: WireConnection
  readonly view: WireView
  readonly atMicros: Micros
  /** First record; `atMicros` is the last of the question where the first may be of the one before. */
  readonly firstMicros: Micros
  /** First record of the answer; of the question where there is none. */
  readonly endMicros: Micros
  readonly records: number
  readonly bytes: number
  /** Of the client, in this turn; and what it had sent before, where all of that was seen. */
  readonly clientRecords: number
  readonly clientBytes: number
  readonly offset: number | undefined
  taken: boolean
  /** The table does not know it any more. */
  forgotten: boolean
}

/** A connection as one place saw it. What crosses on the way is divided into turns differently at the two ends. */
export interface WireView {
  readonly place: string
  readonly flowId: string
  /** Those that belong to no request yet. Emptied by the table that the connection is in. */
  readonly turns: TimeLine<Turn>
  /** When the latest of all began. */
  lastMicros: Micros
}

/** One TLS connection between two places, however many of them it was captured in. */
export class WireConnection {
  readonly client: Endpoint
  readonly server: Endpoint
  readonly clientPlace: string
  readonly serverPlace: string
  readonly views: WireView[] = []
  facts: Readonly<TlsFacts> = NO_FACTS
  /** Of its ClientHello, in hex; where the whole handshake was seen. */
  random: string | undefined
  /** Several requests may cross it at once: its turns may be of several. */
  isShared = false
  readonly firstMicros: Micros
  closedMicros: Micros = Infinity
  /** The one that had its addresses before. */
  previous: WireConnection | undefined
  #bestView: WireView | undefined

  constructor(seen: HopMessage, clientPlace: string, serverPlace: string, previous?: WireConnection) {
    this.previous = previous
    if (previous !== undefined) previous.previous = undefined
    this.client = seen.flow.client
    this.server = seen.flow.server
    this.clientPlace = clientPlace
    this.serverPlace = serverPlace
    this.firstMicros = Math.min(seen.flow.firstMicros, seen.message.atMicros)
  }

  /** The view from the client's side, or else from another. */
  get bestView(): WireView | undefined {
    return this.#bestView
  }

  viewOf({ flow }: HopMessage): WireView {
    const place = flow.namespace ?? ''
    const known = this.views.find((v) => v.place === place && v.flowId === flow.id)
    if (known !== undefined) return known
    const view: WireView = { place, flowId: flow.id, turns: new TimeLine(), lastMicros: -1 }
    this.views.push(view)
    this.#bestView = this.views.find((v) => v.place === this.clientPlace) ?? this.views.find((v) => v.place === this.serverPlace) ?? this.views[0]
    return view
  }

  /** Undefined where the turns of another view are the ones that count. */
  addTurn(seen: HopMessage): Turn | undefined {
    const view = this.viewOf(seen)
    if (view !== this.#bestView) return undefined
    const { atMicros, elapsedMicros = 0, ...message } = seen.message
    const [request, response] = [counts(message.request), counts(message.response)]
    const durationMicros = durationOf(message.request)
    // What a client still has to say of a request before begins the turn of the next one, however late that comes.
    const waitedMicros = view.place === this.clientPlace || durationMicros > MAX_BURST_MICROS ? durationMicros : 0
    const turn: Turn = {
      connection: this, view, atMicros: atMicros + waitedMicros, firstMicros: atMicros, endMicros: atMicros + elapsedMicros,
      records: request.records + response.records, bytes: request.bytes + response.bytes,
      clientRecords: request.records, clientBytes: request.bytes, offset: request.offset, taken: false, forgotten: false,
    }
    view.turns.insert(turn)
    view.lastMicros = Math.max(view.lastMicros, turn.atMicros)
    return turn
  }

  isOpenBetween(fromMicros: Micros, toMicros: Micros): boolean {
    return this.firstMicros <= toMicros && this.closedMicros >= fromMicros
  }
}

function durationOf(half: object | undefined): Micros {
  const { durationMicros } = (half ?? {}) as { durationMicros?: unknown }
  return typeof durationMicros === 'number' ? durationMicros : 0
}

function counts(half: object | undefined): { records: number, bytes: number, offset: number | undefined } {
  const { records, bytes, offset } = (half ?? {}) as { records?: unknown, bytes?: unknown, offset?: unknown }
  return { records: typeof records === 'number' ? records : 0, bytes: typeof bytes === 'number' ? bytes : 0, offset: typeof offset === 'number' ? offset : undefined }
}
