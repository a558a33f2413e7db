import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { isLoopbackWords } from '../net/address.ts'
import { FlowNode, FlowTable } from '../net/flow-table.ts'
import type { Packet } from '../net/packet.ts'
import { ACK, RST, SYN } from '../net/packet.ts'
import type { TcpFlow } from './flow-tcp.ts'

const IPPROTO_TCP = 6
/** SYNs to listeners whose answers have not come: the oldest is forgotten. */
const MAX_ASKED = 4096

interface Asked { isn: number, t0: number, t1: number, t2: number, t3: number, port: number }

/** The addresses that one direction of a connection has, and (t0 … port) the server's end in the other. */
export class Redirected extends FlowNode {
  t0 = 0; t1 = 0; t2 = 0; t3 = 0
  port = 0
}

/**
 * Connections that REDIRECT leads to a listener of this machine (netfilter's nat, chain OUTPUT). On the loopback interface their requests go to the
 * listener, 127.0.0.1:15001, and their answers come from whom the app has called, 10.0.0.7:80: the source is put back before they are captured.
 * Both are made one again by the client's end and the numbers of the segments: the later of the two gets the addresses of the earlier.
 */
export class Redirects {
  readonly #table: FlowTable<Redirected>
  readonly #asked = new Map<string, Asked>()
  /** Connections that were joined late, of which one direction may be missing. By the client's end. */
  readonly #halves = new Map<string, TcpFlow>()

  constructor(seed: number) {
    this.#table = new FlowTable(seed)
  }

  /** A packet on a loopback interface that belongs to no flow gets the addresses of its connection, if it is one of these. */
  translate(packet: Packet, scope: number): Redirected | undefined {
    const node = this.#find(packet, scope) ?? this.#answered(packet, scope) ?? this.#joined(packet, scope)
    if (node !== undefined) rewrite(packet, node, this.#table.side)
    return node
  }

  #find(packet: Packet, scope: number): Redirected | undefined {
    return this.#table.size === 0 ? undefined : this.#table.find(packet, IPPROTO_TCP, scope)
  }

  /** A SYN that belongs to no flow: its answer may come from elsewhere. */
  asked(packet: Packet, scope: number): void {
    if (!isToListener(packet)) return
    const key = endKey(packet, CLIENT, scope)
    this.#asked.delete(key)
    this.#asked.set(key, { isn: packet.seq | 0, t0: packet.dst0, t1: packet.dst1, t2: packet.dst2, t3: packet.dst3, port: packet.dstPort })
    if (this.#asked.size > MAX_ASKED) this.#asked.delete(this.#asked.keys().next().value!)
  }

  #answered(packet: Packet, scope: number): Redirected | undefined {
    if (this.#asked.size === 0 || (packet.flags & ACK) === 0 || (packet.flags & (SYN | RST)) === 0 || isLoopbackSource(packet)) return undefined
    const key = endKey(packet, SERVER, scope)
    const asked = this.#asked.get(key)
    if (asked === undefined || (asked.isn + 1 | 0) !== (packet.ack | 0)) return undefined
    this.#asked.delete(key)
    return this.#add(packet, SERVER, scope, asked)
  }

  #joined(packet: Packet, scope: number): Redirected | undefined {
    if (this.#halves.size === 0 || (packet.flags & (SYN | RST)) !== 0) return undefined
    const sender = isToListener(packet) ? CLIENT : SERVER
    const half = this.#halves.get(endKey(packet, sender, scope))
    if (half === undefined || half.redirected !== undefined || isListener(half) === (sender === CLIENT) || !half.tcp.isContinuedBy(packet, sender)) return undefined
    return this.#add(packet, sender, scope, { t0: half.s0, t1: half.s1, t2: half.s2, t3: half.s3, port: half.serverPort })
  }

  #add(packet: Packet, sender: Side, scope: number, { t0, t1, t2, t3, port }: Omit<Asked, 'isn'>): Redirected {
    const node = new Redirected()
    node.t0 = t0; node.t1 = t1; node.t2 = t2; node.t3 = t3
    node.port = port
    this.#table.add(node, packet, IPPROTO_TCP, scope, sender)
    this.#table.side = sender
    return node
  }

  /** The flow that a translated packet belongs to. */
  attach(flow: TcpFlow, node: Redirected): void {
    if (flow.redirected === node) return
    this.#remove(flow.redirected)
    flow.redirected = node
    if (isListener(flow)) flow.divert(node)
  }

  /** A flow of a loopback interface that was joined late. */
  opened(flow: TcpFlow): void {
    this.#halves.set(flowKey(flow), flow)
  }

  forget(flow: TcpFlow): void {
    this.#remove(flow.redirected)
    flow.redirected = undefined
    if (this.#halves.size === 0) return
    const key = flowKey(flow)
    if (this.#halves.get(key) === flow) this.#halves.delete(key)
  }

  #remove(node: Redirected | undefined): void {
    if (node !== undefined) this.#table.remove(node)
  }
}

/** Towards the client the source is another, from it the destination. */
function rewrite(packet: Packet, { t0, t1, t2, t3, port }: Redirected, sender: Side): void {
  if (sender === CLIENT) {
    packet.dst0 = t0 >>> 0; packet.dst1 = t1 >>> 0; packet.dst2 = t2 >>> 0; packet.dst3 = t3 >>> 0
    packet.dstPort = port
  } else {
    packet.src0 = t0 >>> 0; packet.src1 = t1 >>> 0; packet.src2 = t2 >>> 0; packet.src3 = t3 >>> 0
    packet.srcPort = port
  }
}

/** REDIRECT on the way out leads to 127.0.0.1 or ::1, and leaves the source as it is. */
function isToListener(packet: Packet): boolean {
  return isLoopbackWords(packet.version, packet.dst0, packet.dst1, packet.dst2, packet.dst3) && !isLoopbackSource(packet)
}

function isLoopbackSource({ version, src0, src1, src2, src3 }: Packet): boolean {
  return isLoopbackWords(version, src0, src1, src2, src3)
}

function isListener({ version, s0, s1, s2, s3 }: FlowNode): boolean {
  return isLoopbackWords(version, s0, s1, s2, s3)
}

/** The client's end of a packet that `sender` sent. */
function endKey(packet: Packet, sender: Side, scope: number): string {
  return sender === CLIENT
    ? `${scope} ${packet.version} ${packet.src0 | 0} ${packet.src1 | 0} ${packet.src2 | 0} ${packet.src3 | 0} ${packet.srcPort}`
    : `${scope} ${packet.version} ${packet.dst0 | 0} ${packet.dst1 | 0} ${packet.dst2 | 0} ${packet.dst3 | 0} ${packet.dstPort}`
}

function flowKey(flow: FlowNode): string {
  return `${flow.scope} ${flow.version} ${flow.c0} ${flow.c1} ${flow.c2} ${flow.c3} ${flow.clientPort}`
}
