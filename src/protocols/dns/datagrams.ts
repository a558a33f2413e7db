import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { DatagramDissector, DatagramPlace, DatagramSink } from '../datagram.ts'
import type { Settings } from '../protocol.ts'
import type { Manner } from './exchange.ts'
import { DnsExchanges } from './exchanges.ts'

const PORT_MDNS = 5353
const PORT_LLMNR = 5355
/** What the objects of a flow take that has said nothing. */
const FLOW_BYTES = 400

/** DNS over UDP (RFC 1035 §4.2.1): a message each datagram. mDNS (RFC 6762) and LLMNR (RFC 4795) where the port and the address say so. */
export class DnsDatagrams implements DatagramDissector {
  readonly #sink: DatagramSink
  readonly #exchanges: DnsExchanges
  #isFresh = true

  constructor(sink: DatagramSink, settings: Settings, place: DatagramPlace) {
    this.#sink = sink
    this.#exchanges = new DnsExchanges(sink, settings, mannerOf(place), true)
  }

  again(place: DatagramPlace): void {
    this.#isFresh = true
    this.#exchanges.again(mannerOf(place))
  }

  get isIdle(): boolean {
    return this.#exchanges.isIdle
  }

  get heldBytes(): number {
    return FLOW_BYTES + this.#exchanges.heldBytes
  }

  datagram(side: Side, buf: Uint8Array, from: number, to: number, missing: number, at: Micros): void {
    if (this.#exchanges.take(side, buf, from, to, missing, at)) {
      this.#isFresh = false
      return
    }
    this.#sink.malformed(side, 'no DNS message')
    if (this.#isFresh) this.#sink.disown()
  }

  end(_at: Micros): void {
    this.#exchanges.endSide(CLIENT)
    this.#exchanges.endSide(SERVER)
  }
}

/** Others serve plain DNS at the port of mDNS, so there the group counts, or that both ends have it. A client may have any port. */
function mannerOf({ clientPort, serverPort, isMulticast }: DatagramPlace): Manner {
  if (serverPort === PORT_LLMNR) return 'LLMNR'
  return serverPort === PORT_MDNS && (isMulticast || clientPort === PORT_MDNS) ? 'mDNS' : ''
}
