import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import { isLoopbackAddress } from '../net/address.ts'
import type { HopMessage, ReadableHop } from './joined-request.ts'

/** `client`: between an app and the sidecar that takes its requests out. `server`: between a sidecar and the app that answers. */
export type ClearRole = 'client' | 'server'

/** When and where something was read in the clear. */
export interface ClearSpan { readonly listenerKey: string, readonly atMicros: Micros, readonly endMicros: Micros }

/** Head, names and objects of one message. */
const MESSAGE_BYTES = 4096

/** One readable request with its answer, as seen on one connection at one place (a plain one perhaps at both its ends). */
export class Exchange {
  /** Namespace it was captured in; '' for this machine's own. */
  readonly place: string
  first: HopMessage
  /** Where it was seen; more than one for a wire that was captured at both ends. */
  readonly flows: FlowInfo[]
  readonly plain: boolean
  /** Whose addresses the two ends of a plain one are. */
  readonly clientPlace: string
  readonly serverPlace: string
  /** Of one on a loopback: whose address was dialled, and whose address it comes from, where that is known and another place. A proxy that was led it all the same passes it on there. */
  readonly dialledPlace: string | undefined
  readonly callerPlace: string | undefined
  /** One on a loopback whose client is of this place, and whose server's address is of no place that is known: a Service's, or that of one who is not captured. Only proxies are led such. */
  readonly isLed: boolean
  readonly atMicros: Micros
  /** First byte of the answer; of the request where there is none. */
  readonly endMicros: Micros
  /** What must be the same wherever the same request is seen: method and path, status. */
  readonly signature: string
  /** Of that, what was asked: method and path. */
  readonly asked: string
  /** When it is to be decided. */
  readonly dueMicros: Micros
  taken = false
  /** Another one like it was under way to the same listener at the same time. */
  hasTwin = false
  /** Of one that was read on a wire and told: where it was read in the clear before and after. */
  outerHop: ClearSpan | undefined
  innerHop: ClearSpan | undefined
  /** Another one like it may be the hop before or after it just as well. */
  hasRival = false
  /** What its message weighs, about. */
  readonly sizeBytes: number
  readonly #requestBytes: number | undefined
  readonly #responseBytes: number | undefined

  constructor(seen: HopMessage, dueMicros: Micros, placeOf: (endpoint: Endpoint) => string, ownerOf: (endpoint: Endpoint) => string | undefined) {
    const { flow, message } = seen
    this.first = seen
    this.flows = [flow]
    this.place = flow.namespace ?? ''
    this.plain = flow.hop === 'wire'
    this.clientPlace = this.plain ? placeOf(flow.client) : this.place
    this.serverPlace = this.plain ? placeOf(flow.server) : this.place
    this.dialledPlace = this.plain ? undefined : other(ownerOf(flow.server), this.place)
    this.callerPlace = this.plain ? undefined : other(ownerOf(flow.client), this.place)
    this.isLed = !this.plain && !isLoopbackAddress(flow.server.ip) && flow.client.ip !== flow.server.ip && ownerOf(flow.client) === this.place && ownerOf(flow.server) === undefined
    this.atMicros = message.atMicros
    this.endMicros = message.atMicros + (message.elapsedMicros ?? 0)
    this.asked = message.what
    this.signature = `${message.status ?? ''} ${message.what}`
    this.dueMicros = dueMicros
    this.sizeBytes = MESSAGE_BYTES + keptBytes(message.request) + keptBytes(message.response)
    this.#requestBytes = message.complete ? bodyBytes(message.request) : undefined
    this.#responseBytes = message.complete ? bodyBytes(message.response) : undefined
  }

  /** As far as its addresses tell on which side of a wire it was. */
  get role(): ClearRole | undefined {
    if (this.isLed) return 'client'
    if ((this.dialledPlace === undefined) === (this.callerPlace === undefined)) return undefined
    return this.dialledPlace === undefined ? 'server' : 'client'
  }

  /** Connection that it was seen on, unique among places. */
  get flowKey(): string {
    return `${this.place} ${this.first.flow.id}`
  }

  /** The listener that it was sent to: always the sidecar's or always the app's. */
  get listenerKey(): string {
    const { ip, port } = this.first.flow.server
    return `${this.place} ${ip} ${port}`
  }

  /** Those of one key may be taken for each other. */
  get twinKey(): string {
    return `${this.listenerKey} ${this.signature}`
  }

  /**
   * Whether `inner` may be the same request, further on its way: as large, and begun and answered in between. One machine has one
   * clock, so no allowance is made: requests that are alike may follow each other within microseconds.
   */
  encloses(inner: Exchange): boolean {
    return this.atMicros <= inner.atMicros && inner.endMicros <= this.endMicros && this.isAsLargeAs(inner)
  }

  /** Whether the addresses that are known let this be the hop before and `inner` the one after: both in the clear. */
  mayLeadTo(inner: Exchange): boolean {
    return (this.dialledPlace ?? inner.place) === inner.place && (inner.callerPlace ?? this.place) === this.place
  }

  /** As far as both are known. */
  isAsLargeAs(other: Exchange): boolean {
    return same(this.#requestBytes, other.#requestBytes) && same(this.#responseBytes, other.#responseBytes)
  }

  get span(): ClearSpan {
    return { listenerKey: this.listenerKey, atMicros: this.atMicros, endMicros: this.endMicros }
  }

  /** What was said is not needed any more, only that it was. */
  letGo(): void {
    const { flow, message } = this.first
    this.first = { flow, message: { ...message, request: undefined, response: undefined } }
  }

  /** Connection and request, the same at both ends of a wire. */
  get wireKey(): string {
    const { client, server } = this.first.flow
    return `${client.ip} ${client.port} ${server.ip} ${server.port} ${this.signature}`
  }

  hop(): ReadableHop {
    const { flow, message } = this.first
    return {
      kind: this.plain ? 'plain' : 'clear', client: flow.client, server: flow.server,
      atMicros: message.atMicros, elapsedMicros: message.elapsedMicros,
      seenIn: this.flows.flatMap((f) => f.namespace ?? []), flows: this.flows.map((f) => f.id),
    }
  }
}

function other(place: string | undefined, own: string): string | undefined {
  return place === own ? undefined : place
}

function bodyBytes(half: object | undefined): number | undefined {
  const bytes = (half as { bodyBytes?: unknown } | undefined)?.bodyBytes
  return typeof bytes === 'number' ? bytes : undefined
}

function keptBytes(half: object | undefined): number {
  const body = (half as { body?: { text?: unknown, base64?: unknown } | null } | undefined)?.body
  const kept = body?.text ?? body?.base64
  return typeof kept === 'string' ? kept.length : 0
}

function same(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || a === b
}
