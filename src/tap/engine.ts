import type { Capture, FlowInfo, Hop } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import { emptyHealth } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import { Decoder } from '../net/decode.ts'
import { isLoopbackFrame } from '../net/loopback-frame.ts'
import type { FrameSink } from '../net/frame.ts'
import { MALFORMED, Packet, TCP, UDP, UNKNOWN_LINK } from '../net/packet.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import { matchesFilter } from '../net/packet-filter.ts'
import { ReassemblyBudget } from '../net/reassembly.ts'
import type { DatagramProtocol } from '../protocols/datagram.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import { DECODE_NOTHING } from '../protocols/decode-as.ts'
import type { Protocol, Settings } from '../protocols/protocol.ts'
import { DATAGRAM_PROTOCOLS, PROTOCOLS } from '../protocols/registry.ts'
import type { Flow } from './flow.ts'
import { TcpFlows } from './flow-connections.ts'
import { UdpFlows } from './flow-datagrams.ts'
import { Failures, MAX_TOLD, MAX_TOLD_OF_ADDRESS } from './flow-failures.ts'
import { FlowMemory } from './flow-memory.ts'
import type { FlowOwner } from './flow-owner.ts'

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
  readonly #connections = new TcpFlows(this, randomSeed)
  readonly #datagrams = new UdpFlows(this, randomSeed())
  readonly #failures = new Failures(randomSeed())
  readonly #health: Health = emptyHealth()
  readonly #memory: FlowMemory
  #nowMicros = 0
  #flowNumber = 0
  readonly #marks: boolean
  /** Of the last flow: most are in the same one. */
  #place: Pick<FlowInfo, 'capture' | 'hop' | 'namespace' | 'interface'> | undefined

  constructor(options: EngineOptions, out: Emitter) {
    this.#options = options
    this.#out = out
    this.settings = options.settings
    this.decodeAs = options.decodeAs ?? DECODE_NOTHING
    this.prefix = options.prefix ?? ''
    this.#marks = options.frameMarks === true
    this.#memory = new FlowMemory(this, this.#connections, this.#datagrams, options.heldBytes)
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
    this.#memory.payload(packet.payloadLength)
    const connections = this.#connections
    const scope = this.#options.scopeOf?.(interfaceId) ?? 0
    const flow = connections.find(packet, scope)
      ?? connections.open(packet, atMicros, this.#nowMicros, interfaceId, scope, isLoopbackFrame(buf, offset, linkType))
    if (flow === undefined) return
    if (this.#marks && packet.payloadLength > 0) flow.mark(this.#health.packets, atMicros)
    connections.segment(flow, packet, atMicros)
  }

  #datagram(packet: Packet, atMicros: Micros, interfaceId: number): void {
    this.#memory.payload(packet.payloadLength)
    this.#datagrams.datagram(packet, atMicros, interfaceId, this.#options.scopeOf?.(interfaceId) ?? 0)
  }

  /** Live captures call this now and then, so that idle connections end without a new packet. */
  tick(nowMicros: Micros): void {
    if (nowMicros > this.#nowMicros) this.#nowMicros = nowMicros
    this.#connections.expire(this.#nowMicros)
    this.#datagrams.expire(this.#nowMicros)
  }

  /** No more frames: what is half-assembled is shown, marked incomplete where it is. */
  end(): void {
    this.#connections.end()
    this.#datagrams.end()
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

  connected(isLate: boolean): void {
    if (isLate) this.#health.flowsJoinedLate++
    this.#memory.connection()
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

  place(interfaceId: number, isOnLoopback: boolean): Pick<FlowInfo, 'capture' | 'hop' | 'namespace' | 'interface'> {
    const { capture, namespace, interfaceName, isLoopback } = this.#options
    const name = interfaceName?.(interfaceId)
    const loopback = isLoopback?.(interfaceId) ?? (isOnLoopback || name === 'lo')
    const hop: Hop = loopback ? 'clear' : 'wire'
    const last = this.#place
    if (last !== undefined && last.hop === hop && last.interface === name) return last
    return this.#place = { capture, hop, ...(namespace !== undefined && { namespace }), ...(name !== undefined && { interface: name }) }
  }
}
