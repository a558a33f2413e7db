import type { Capture, FlowInfo, Hop } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import { emptyHealth } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import { isLoopbackAddress } from '../net/address.ts'
import { Decoder } from '../net/decode.ts'
import { FlowTable } from '../net/flow-table.ts'
import { isLoopbackFrame } from '../net/loopback-frame.ts'
import type { FrameSink } from '../net/frame.ts'
import { MALFORMED, Packet, SYN, TCP, UDP, UNKNOWN_LINK } from '../net/packet.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import { matchesFilter } from '../net/packet-filter.ts'
import { ReassemblyBudget, senderOfFirst } from '../net/reassembly.ts'
import type { DatagramProtocol } from '../protocols/datagram.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import { DECODE_NOTHING } from '../protocols/decode-as.ts'
import type { Protocol, Settings } from '../protocols/protocol.ts'
import { DATAGRAM_PROTOCOLS, PROTOCOLS, isServerPort } from '../protocols/registry.ts'
import type { Flow } from './flow.ts'
import { ANSWERED, Attempts, TAKEN } from './flow-attempts.ts'
import { UdpFlows } from './flow-datagrams.ts'
import { Failures, MAX_TOLD, MAX_TOLD_OF_ADDRESS } from './flow-failures.ts'
import type { FlowOwner } from './flow-owner.ts'
import { TcpFlow } from './flow-tcp.ts'
import { Redirects } from './redirects.ts'

/** An idle connection is closed after this much capture time: longer than the keep-alive of common servers and proxies. */
const IDLE_MICROS = 10 * 60 * 1e6
/** A closed one stays known for this long, so that stray retransmissions do not start a new flow. */
const LINGER_MICROS = 5 * 1e6
const MAX_FLOWS = 100_000
const MAX_LINGERING = 20_000
/** Of what the dissectors of all flows keep. Flows are weighed after so many bytes of segments, headers included: as much may come on top. */
const MAX_HELD_BYTES = 96 * 1024 * 1024
const WEIGH_AFTER_BYTES = 16 * 1024 * 1024
/** Floods of small handshakes are few bytes and much memory. */
const WEIGH_AFTER_FLOWS = 1024
const SEGMENT_HEADER_BYTES = 64
const IPPROTO_TCP = 6
const UNTOLD = `connections that came to nothing, counted and not shown: more than ${MAX_TOLD_OF_ADDRESS} of an address in a minute, or ${MAX_TOLD} of all`

function randomSeed(): number {
  return Math.random() * 2 ** 32
}

/** What else is known of a flow when it says something. */
export interface FlowContext {
  /** Messages of it so far, this one included. */
  readonly said: number
  /** How often peer bytes of it broke their protocol. */
  readonly broken: number
  /** Number of the frame, from 1, that a time in the message is of; undefined without `frameMarks`, and where it is not known any more. */
  frameAt(atMicros: Micros): number | undefined
}

export interface Emitter {
  /** What is returned as true ends the reading of that connection: no more is wanted of it. */
  message(flow: FlowInfo, m: Message, context: FlowContext): unknown
  /** A frame that the filter lets through, for writing captures. */
  frame?: FrameSink
}

export interface EngineOptions {
  settings: Settings
  filter?: PacketFilter
  capture: Capture
  /** Name of the namespace, in the messages. */
  namespace?: string
  /** Makes flow ids unique among the engines of a run. */
  prefix?: string
  /** False: frames are only counted, filtered and handed on, nothing is dissected. */
  dissect?: boolean
  /** Protocols to assume at ports. Default: none. */
  decodeAs?: DecodeAs
  /** Connections of different scopes never mix. Default: all interfaces are one scope. */
  scopeOf?: (interfaceId: number) => number
  interfaceName?: (interfaceId: number) => string | undefined
  isLoopback?: (interfaceId: number) => boolean
  nameOf?: (ip: string, port: number) => string | undefined
  /** Remember for the first segments of each connection which frames they were in. Default: no. */
  frameMarks?: boolean
  /** Of what the dissectors of all flows may keep together. Default: 96 MiB. */
  heldBytes?: number
}

/** Frames in, messages out: decoding, flow table, reassembly and dissection of one place of capture. No sockets, no clock. */
export class Engine implements FrameSink, FlowOwner {
  readonly protocols: readonly Protocol[] = PROTOCOLS
  readonly datagramProtocols: readonly DatagramProtocol[] = DATAGRAM_PROTOCOLS
  readonly decodeAs: DecodeAs
  readonly settings: Settings
  readonly budget = new ReassemblyBudget()
  readonly prefix: string
  readonly #options: EngineOptions
  readonly #out: Emitter
  readonly #packet = new Packet()
  readonly #decoder = new Decoder()
  readonly #table = new FlowTable<TcpFlow>(randomSeed())
  readonly #attempts = new Attempts(this, randomSeed())
  readonly #redirects = new Redirects(randomSeed())
  readonly #datagrams = new UdpFlows(this, randomSeed())
  readonly #failures = new Failures(randomSeed())
  readonly #health: Health = emptyHealth()
  #lingering: TcpFlow[] = []
  #lingerHead = 0
  #nowMicros = 0
  #flowNumber = 0
  #unweighedBytes = 0
  #unweighedFlows = 0
  readonly #marks: boolean
  /** Of the last flow: most are in the same one. */
  #place: Pick<FlowInfo, 'capture' | 'hop' | 'namespace' | 'interface'> | undefined
  readonly #maxHeldBytes: number

  constructor(options: EngineOptions, out: Emitter) {
    this.#options = options
    this.#out = out
    this.settings = options.settings
    this.decodeAs = options.decodeAs ?? DECODE_NOTHING
    this.prefix = options.prefix ?? ''
    this.#marks = options.frameMarks === true
    this.#maxHeldBytes = options.heldBytes ?? MAX_HELD_BYTES
  }

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: Micros, linkType: number, interfaceId: number): void {
    const health = this.#health
    health.packets++
    health.bytes += wire
    if (atMicros > this.#nowMicros) this.#nowMicros = atMicros
    const packet = this.#packet
    const kind = this.#decoder.decode(buf, offset, captured, wire, linkType, atMicros, packet)
    const filter = this.#options.filter
    if (filter !== undefined && !((kind === TCP || kind === UDP) && matchesFilter(filter, packet))) {
      if (kind === MALFORMED) health.malformedPackets++
      return
    }
    this.#out.frame?.frame(buf, offset, captured, wire, atMicros, linkType, interfaceId)
    if (kind === TCP) {
      if (this.#options.dissect !== false) this.#segment(packet, atMicros, interfaceId, buf, offset, linkType)
    } else if (kind === UDP) {
      if (this.#options.dissect !== false) this.#datagram(packet, atMicros, interfaceId)
    } else if (kind === MALFORMED) health.malformedPackets++
    else if (kind === UNKNOWN_LINK) health.unknownLink++
  }

  beginBlock(buf: Uint8Array): void {
    this.budget.recent.begin(buf)
  }

  endBlock(): void {
    this.budget.recent.end()
  }

  #segment(packet: Packet, atMicros: Micros, interfaceId: number, buf: Uint8Array, offset: number, linkType: number): void {
    this.#unweighedBytes += packet.payloadLength + SEGMENT_HEADER_BYTES
    if (this.#unweighedBytes > WEIGH_AFTER_BYTES) this.#weigh()
    const table = this.#table
    const scope = this.#options.scopeOf?.(interfaceId) ?? 0
    let flow = table.find(packet, IPPROTO_TCP, scope)
    if (flow !== undefined && (packet.flags & SYN) !== 0 && flow.tcp.isReusedBy(packet, table.side)) {
      this.#drop(flow)
      flow = undefined
    }
    if (flow === undefined) {
      const isOnLoopback = isLoopbackFrame(buf, offset, linkType)
      flow = isOnLoopback ? this.#onLoopback(packet, atMicros, interfaceId, scope) : this.#open(packet, atMicros, interfaceId, scope)
      if (flow === undefined) return
    }
    if (this.#marks && packet.payloadLength > 0) flow.mark(this.#health.packets, atMicros)
    flow.tcp.segment(table.side, packet, atMicros)
    table.touch(flow, atMicros)
    if (flow.retiredMicros < 0 && flow.tcp.closed) this.#retire(flow, atMicros)
  }

  /** There the two directions of a connection may have different addresses. */
  #onLoopback(packet: Packet, atMicros: Micros, interfaceId: number, scope: number): TcpFlow | undefined {
    const redirected = this.#redirects.translate(packet, scope)
    const known = redirected === undefined ? undefined : this.#table.find(packet, IPPROTO_TCP, scope)
    const flow = known ?? this.#open(packet, atMicros, interfaceId, scope)
    if (flow === undefined) {
      if ((packet.flags & SYN) !== 0) this.#redirects.asked(packet, scope)
      return undefined
    }
    flow.isOnLoopback = true
    if (redirected !== undefined) this.#redirects.attach(flow, redirected)
    else if ((packet.flags & SYN) === 0) this.#redirects.opened(flow)
    return flow
  }

  /** A flow for a packet that has none. Undefined where there is no connection so far: a SYN alone, or what came of it. */
  #open(packet: Packet, atMicros: Micros, interfaceId: number, scope: number): TcpFlow | undefined {
    const attempts = this.#attempts
    const step = attempts.segment(packet, atMicros, interfaceId, scope)
    if (step === TAKEN) return undefined
    const attempt = step === ANSWERED ? attempts.attempt! : undefined
    const sender = attempt === undefined ? senderOfFirst(packet, isServerPort) : attempts.side
    const flow = attempt === undefined
      ? new TcpFlow(this, this.opened(), interfaceId, atMicros)
      : new TcpFlow(this, attempt.number, attempt.interfaceId, attempt.firstMicros)
    if (attempt !== undefined) flow.tcp.opened(attempt.isn)
    else if ((packet.flags & SYN) === 0) this.#health.flowsJoinedLate++
    this.#expire()
    if (++this.#unweighedFlows > WEIGH_AFTER_FLOWS) this.#weigh()
    this.#table.add(flow, packet, IPPROTO_TCP, scope, sender)
    this.#table.side = sender
    return flow
  }

  #datagram(packet: Packet, atMicros: Micros, interfaceId: number): void {
    this.#unweighedBytes += packet.payloadLength + SEGMENT_HEADER_BYTES
    if (this.#unweighedBytes > WEIGH_AFTER_BYTES) this.#weigh()
    this.#datagrams.datagram(packet, atMicros, interfaceId, this.#options.scopeOf?.(interfaceId) ?? 0)
  }

  /** Both ends are done: nothing more will be said, but the node lingers. */
  #retire(flow: TcpFlow, atMicros: Micros): void {
    flow.retiredMicros = atMicros
    this.#lingering.push(flow)
  }

  #drop(flow: TcpFlow): void {
    if (!flow.tcp.closed) flow.tcp.close(flow.lastMicros)
    flow.retiredMicros = Infinity
    if (flow.isOnLoopback) this.#redirects.forget(flow)
    this.#table.remove(flow)
  }

  /** Lets the flows go that were silent longest, where all together hold too much. What they hold is told, marked incomplete. */
  #weigh(): void {
    this.#unweighedBytes = 0
    this.#unweighedFlows = 0
    let heldBytes = 0
    for (const flow of this.#table) heldBytes += flow.heldBytes
    for (const flow of this.#datagrams) heldBytes += flow.heldBytes
    if (heldBytes <= this.#maxHeldBytes) return
    heldBytes = this.#lighten(heldBytes, this.#table, (flow) => this.#drop(flow))
    this.#lighten(heldBytes, this.#datagrams, (flow) => this.#datagrams.drop(flow))
  }

  #lighten<T extends Flow & { readonly heldBytes: number }>(totalBytes: number, flows: Iterable<T>, drop: (flow: T) => void): number {
    let heldBytes = totalBytes
    for (const flow of flows) {
      if (heldBytes <= this.#maxHeldBytes / 2) break
      const flowBytes = flow.heldBytes
      if (flowBytes === 0) continue
      heldBytes -= flowBytes
      this.anomaly('memory of messages under way, a connection let go')
      drop(flow)
    }
    return heldBytes
  }

  /** Lets go what is over or idle by capture time, and the oldest when there are too many. */
  #expire(): void {
    this.#expireLingering()
    for (let oldest = this.#table.oldest(); oldest !== undefined; oldest = this.#table.oldest()) {
      const full = this.#table.size > MAX_FLOWS
      if (!full && this.#nowMicros - oldest.lastMicros < IDLE_MICROS) return
      if (full) this.#health.flowsEvicted++
      this.#drop(oldest)
    }
  }

  #expireLingering(): void {
    const queue = this.#lingering
    while (this.#lingerHead < queue.length) {
      const flow = queue[this.#lingerHead]!
      const few = queue.length - this.#lingerHead <= MAX_LINGERING
      if (few && flow.retiredMicros !== Infinity && this.#nowMicros - flow.retiredMicros < LINGER_MICROS) break
      this.#lingerHead++
      if (flow.retiredMicros !== Infinity) this.#drop(flow)
    }
    if (this.#lingerHead > 1024 && this.#lingerHead * 2 > queue.length) {
      this.#lingering = queue.slice(this.#lingerHead)
      this.#lingerHead = 0
    }
  }

  /** Live captures call this now and then, so that idle connections end without a new packet. */
  tick(nowMicros: Micros): void {
    if (nowMicros > this.#nowMicros) this.#nowMicros = nowMicros
    this.#expire()
    this.#attempts.expire(this.#nowMicros)
    this.#datagrams.expire(this.#nowMicros)
  }

  /** No more frames: what is half-assembled is shown, marked incomplete where it is. */
  end(): void {
    for (const flow of this.#table) this.#drop(flow)
    this.#attempts.end()
    this.#datagrams.end()
    this.#lingering = []
    this.#lingerHead = 0
  }

  /** A copy, the caller's to keep. */
  health(): Health {
    const { truncated, tooDeep, fragmentsConflicting, fragmentsExpired } = this.#decoder.counters
    const limits = { ...this.#health.limits }
    for (const [name, count] of Object.entries({
      'packets cut by the snap length': truncated,
      'tunnels nested too deeply': tooDeep,
      'fragments that contradict each other': fragmentsConflicting,
      'segments far outside their window': this.budget.counters.outOfWindow,
    })) if (count > 0) limits[name] = count
    return { ...this.#health, fragmentsExpired, limits, namespaces: [], refused: [] }
  }

  opened(): number {
    this.#health.flows++
    return ++this.#flowNumber
  }

  tells(flow: Flow): boolean {
    if (this.#failures.tells(flow, this.#nowMicros)) return true
    this.anomaly(UNTOLD)
    return false
  }

  evicted(): void {
    this.#health.flowsEvicted++
  }

  message(flow: Flow, m: Message): boolean {
    this.#health.messages++
    flow.said++
    return this.#out.message(flow.info, m, flow) === true
  }

  lost(bytes: number): void {
    this.#health.gaps++
    this.#health.bytesLost += bytes
  }

  anomaly(what: string): void {
    if (what === 'overlap-conflict') this.#health.overlapConflicts++
    else if (what !== 'reset') this.#health.limits[what] = (this.#health.limits[what] ?? 0) + 1
  }

  malformed(): void {
    this.#health.malformedBytes++
  }

  nameOf(ip: string, port: number): string | undefined {
    return this.#options.nameOf?.(ip, port)
  }

  place(interfaceId: number, clientIp: string, serverIp: string, isOnLoopback: boolean): Pick<FlowInfo, 'capture' | 'hop' | 'namespace' | 'interface'> {
    const { capture, namespace, interfaceName, isLoopback } = this.#options
    const name = interfaceName?.(interfaceId)
    const loopback = isLoopback?.(interfaceId) ?? (isOnLoopback || name === 'lo' || isLoopbackAddress(clientIp) || isLoopbackAddress(serverIp))
    const hop: Hop = loopback ? 'clear' : 'wire'
    const last = this.#place
    if (last !== undefined && last.hop === hop && last.interface === name) return last
    return this.#place = { capture, hop, ...(namespace !== undefined && { namespace }), ...(name !== undefined && { interface: name }) }
  }
}
