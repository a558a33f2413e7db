import type { Micros } from '../../model/time.ts'
import type { Reading } from '../http/reading.ts'
import type { Settings } from '../protocol.ts'
import { Exchange } from './exchange.ts'
import { Half } from './half.ts'

/** So few that they stay in the processor's cache: connections take turns. */
const MAX_SPARES = 64

/** The objects of exchanges that were told, for those that come: new ones for each would push everything else out of the cache. */
export class Spares {
  readonly #halves: Half[] = []
  readonly #exchanges: Exchange[] = []

  half(isRequest: boolean, atMicros: Micros): Half {
    const half = this.#halves.pop()
    if (half === undefined) return new Half(isRequest, atMicros)
    half.isRequest = isRequest
    half.atMicros = atMicros
    half.endMicros = atMicros
    return half
  }

  exchange(reading: Reading, request: Half): Exchange {
    const exchange = this.#exchanges.pop()
    if (exchange === undefined) return new Exchange(reading, request, undefined)
    exchange.begin(reading, request)
    return exchange
  }

  /** Nobody knows it any more, nor its halves. */
  give(exchange: Exchange): void {
    if (this.#exchanges.length >= MAX_SPARES) return
    const { requestHalf, responseHalf } = exchange
    if (requestHalf !== undefined) this.#giveHalf(requestHalf)
    if (responseHalf !== undefined) this.#giveHalf(responseHalf)
    exchange.clear()
    this.#exchanges.push(exchange)
  }

  #giveHalf(half: Half): void {
    half.clear()
    this.#halves.push(half)
  }
}

const spares = new WeakMap<Settings, Spares>()

/** The same for all connections that are read alike; none where messages are kept by who is told. */
export function sparesOf(settings: Settings): Spares | undefined {
  if (settings.readAtOnce !== true) return undefined
  let known = spares.get(settings)
  if (known === undefined) spares.set(settings, known = new Spares())
  return known
}
