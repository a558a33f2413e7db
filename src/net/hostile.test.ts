import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, concat, ethernet, ipv4, ipv6, tcp, text, udp, vlan } from '../../test/frames.ts'
import { Decoder } from './decode.ts'
import { FlowNode, FlowTable } from './flow-table.ts'
import { FRAGMENT, MALFORMED, OTHER, Packet, TCP, UDP, UNKNOWN_LINK } from './packet.ts'
import type { StreamSink } from './reassembly.ts'
import { ReassemblyBudget, TcpConnection, senderOfFirst } from './reassembly.ts'

const LINK_TYPES = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 228, 229, 276, 999]
const KINDS: readonly number[] = [TCP, UDP, OTHER, FRAGMENT, MALFORMED, UNKNOWN_LINK]
const INNER = ipv4({ protocol: 6, payload: tcp({ seq: 5, payload: text('hello') }) })

/** Frames that reach deep, to be damaged. */
const SEEDS = [
  ethernet({ payload: INNER }),
  ethernet({ type: 0x8100, payload: vlan({ type: 0x86dd, payload: ipv6({ next: 0, payload: concat(bytes([44, 1], [0, 7], [6, 1], [0, 1], [0x11, 2], [9, 4]), tcp({ payload: text('x') })) }) }) }),
  ethernet({ payload: ipv4({ protocol: 17, payload: udp({ dstPort: 4789, payload: concat(bytes([8, 1], [0, 7]), ethernet({ payload: INNER })) }) }) }),
  ethernet({ payload: ipv4({ protocol: 17, payload: udp({ dstPort: 6081, payload: concat(bytes([1, 1], [0, 1], [0x6558, 2], [0, 8]), ethernet({ payload: INNER })) }) }) }),
  ethernet({ payload: ipv4({ protocol: 47, payload: concat(bytes([0xb000, 2], [0x88be, 2], [0, 20]), ethernet({ payload: INNER })) }) }),
  ethernet({ payload: ipv4({ protocol: 17, more: true, id: 3, payload: udp({ payload: new Uint8Array(64) }) }) }),
  ethernet({ type: 0x8847, payload: concat(bytes([0, 4], [0x140, 4]), INNER) }),
  ethernet({ type: 0x8864, payload: concat(bytes([0x11, 1], [0, 3], [INNER.length + 2, 2], [0x21, 2]), INNER) }),
]

/** xorshift32: the same frames on every run. */
function randomFrom(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}

class Flow extends FlowNode implements StreamSink {
  readonly tcp: TcpConnection

  constructor(budget: ReassemblyBudget) {
    super()
    this.tcp = new TcpConnection(this, budget)
  }

  data(_side: number, buf: Uint8Array, from: number, to: number): void {
    assert.ok(from >= 0 && from < to && to <= buf.length)
  }

  gap(_side: number, size: number): void {
    assert.ok(size > 0)
  }

  end(): void {}
  anomaly(): void {}
}

/** The whole way of a frame, checking what must hold for any. */
class Engine {
  readonly decoder = new Decoder()
  readonly budget = new ReassemblyBudget({ totalBytes: 100_000 })
  readonly table = new FlowTable<Flow>(1)
  readonly packet = new Packet()
  readonly kinds = new Map<number, number>()

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, linkType: number, atMicros: number): void {
    const { packet, table } = this
    const kind = this.decoder.decode(buf, offset, captured, wire, linkType, atMicros, packet)
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1)
    assert.ok(KINDS.includes(kind))
    if (kind !== TCP && kind !== UDP) return
    assert.ok(packet.payloadLength >= 0 && packet.payloadMissing >= 0)
    assert.ok(packet.payloadOffset + packet.payloadLength <= packet.buf.length)
    // what lies in the frame's own buffer lies within the frame
    if (packet.buf === buf) assert.ok(packet.payloadLength === 0 || (packet.payloadOffset >= offset && packet.payloadOffset + packet.payloadLength <= offset + captured))
    if (kind !== TCP) return
    let flow = table.find(packet, 6, 0)
    if (flow === undefined) {
      flow = new Flow(this.budget)
      const sender = senderOfFirst(packet)
      table.add(flow, packet, 6, 0, sender)
      table.side = sender
    }
    flow.tcp.segment(table.side, packet, atMicros)
    if (table.size > 500) table.remove(table.oldest()!)
  }
}

test('junk of every link type', () => {
  const random = randomFrom(0x9e3779b9)
  const engine = new Engine()
  const buf = new Uint8Array(256)
  for (let i = 0; i < 100_000; i++) {
    for (let at = 0; at < 64; at += 4) {
      const word = random()
      buf[at] = word
      buf[at + 1] = word >>> 8
      buf[at + 2] = word >>> 16
      buf[at + 3] = word >>> 24
    }
    const captured = random() % 65
    engine.frame(buf, random() % 32, captured, captured + (random() % 3) * 50, LINK_TYPES[i % LINK_TYPES.length]!, i)
  }
  assert.ok(engine.kinds.get(MALFORMED)! > 1000)
  assert.ok(engine.kinds.get(UNKNOWN_LINK)! > 1000)
})

test('good frames with damaged bytes, cut anywhere', () => {
  const random = randomFrom(0x2545f491)
  const engine = new Engine()
  for (let i = 0; i < 100_000; i++) {
    const seed = SEEDS[i % SEEDS.length]!
    const frame = seed.slice()
    for (let damage = random() % 4; damage > 0; damage--) frame[random() % frame.length] = random()
    const captured = random() % 4 === 0 ? random() % (frame.length + 1) : frame.length
    engine.frame(frame, 0, captured, random() % 8 === 0 ? random() : frame.length, 1, i * 1000)
  }
  for (const kind of [TCP, UDP, OTHER, FRAGMENT, MALFORMED]) assert.ok(engine.kinds.get(kind)! > 100, `kind ${kind}`)
  assert.ok(engine.budget.heldBytes <= 100_000)
})
