import { CLIENT } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { formatAddress } from '../../net/address.ts'
import { Decoder } from '../../net/decode.ts'
import { FlowNode, FlowTable } from '../../net/flow-table.ts'
import type { FrameSink } from '../../net/frame.ts'
import { Packet, SYN, TCP, UDP } from '../../net/packet.ts'
import type { StreamSink } from '../../net/reassembly.ts'
import { ReassemblyBudget, TcpConnection, senderOfFirst } from '../../net/reassembly.ts'
import type { CanaryPlace, Sighting } from './sighting.ts'
import { StreamSearch, findForm } from './stream-search.ts'
import type { TokenForm } from './token.ts'

const IPPROTO_TCP = 6
/** A canary lives for seconds: the connection that was quiet for longest goes first. */
const MAX_FLOWS = 20_000
const MAX_SIGHTINGS = 1000

/** Looks for a token in all that passes one place: within each frame, and across the borders of segments. */
export class CanaryWatch implements FrameSink {
  readonly sightings: Sighting[] = []
  frames = 0
  /** Segments with a payload on interfaces that are no loopback. */
  wireSegments = 0
  readonly #place: CanaryPlace
  readonly #forms: readonly TokenForm[]
  readonly #decoder = new Decoder()
  readonly #packet = new Packet()
  readonly #table = new FlowTable<CanaryFlow>(Math.random() * 2 ** 32)
  readonly #budget = new ReassemblyBudget()

  constructor(place: CanaryPlace, forms: readonly TokenForm[]) {
    this.#place = place
    this.#forms = forms
  }

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: Micros, linkType: number, interfaceId: number): void {
    this.frames++
    const packet = this.#packet
    const kind = this.#decoder.decode(buf, offset, captured, wire, linkType, atMicros, packet)
    const form = findForm(Buffer.from(buf.buffer, buf.byteOffset + offset, captured), this.#forms)?.form
    if (form !== undefined) this.#see(form, kind === TCP || kind === UDP ? endsOf(packet) : '', atMicros, interfaceId)
    if (kind !== TCP) return
    if (packet.payloadLength > 0 && !this.#place.isLoopback(interfaceId)) this.wireSegments++
    const flow = this.#flowOf(packet, interfaceId)
    flow.found = form
    flow.tcp.segment(this.#table.side, packet, atMicros)
    this.#table.touch(flow, atMicros)
    // One that began in an earlier frame and ends in this one.
    if (form === undefined && flow.found !== undefined) this.#see(flow.found, endsOf(packet), atMicros, interfaceId)
  }

  #flowOf(packet: Packet, interfaceId: number): CanaryFlow {
    const table = this.#table
    const known = table.find(packet, IPPROTO_TCP, interfaceId)
    if (known !== undefined) {
      if ((packet.flags & SYN) === 0 || !known.tcp.isReusedBy(packet, table.side)) return known
      table.remove(known)
    }
    if (table.size >= MAX_FLOWS) table.remove(table.oldest()!)
    const flow = new CanaryFlow(this.#forms, this.#budget)
    const sender = senderOfFirst(packet)
    table.add(flow, packet, IPPROTO_TCP, interfaceId, sender)
    table.side = sender
    return flow
  }

  #see(form: TokenForm, ends: string, atMicros: Micros, interfaceId: number): void {
    if (this.sightings.length >= MAX_SIGHTINGS) return
    const place = this.#place
    this.sightings.push({
      place: place.name, interface: place.interfaceName(interfaceId) ?? `if${interfaceId}`, hop: place.isLoopback(interfaceId) ? 'clear' : 'wire',
      frame: this.frames, atMicros, ends, form: form.name,
    })
  }
}

/** One TCP connection at one interface. */
class CanaryFlow extends FlowNode implements StreamSink {
  readonly tcp: TcpConnection
  readonly #searches: readonly [StreamSearch, StreamSearch]
  /** What the last segment brought to light. */
  found: TokenForm | undefined

  constructor(forms: readonly TokenForm[], budget: ReassemblyBudget) {
    super()
    this.tcp = new TcpConnection(this, budget)
    this.#searches = [new StreamSearch(forms), new StreamSearch(forms)]
  }

  data(side: Side, buf: Uint8Array, from: number, to: number): void {
    this.found ??= this.#of(side).data(buf, from, to)
  }

  gap(side: Side): void {
    this.#of(side).gap()
  }

  end(): void {}

  anomaly(): void {}

  #of(side: Side): StreamSearch {
    return this.#searches[side === CLIENT ? 0 : 1]
  }
}

function endsOf(p: Packet): string {
  const from = formatAddress(p.version, p.src0, p.src1, p.src2, p.src3)
  const to = formatAddress(p.version, p.dst0, p.dst1, p.dst2, p.dst3)
  return `${endText(from, p.srcPort)} → ${endText(to, p.dstPort)}`
}

function endText(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
