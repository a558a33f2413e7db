import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ethernet, ipv4, tcp, text, udp } from '../../test/frames.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { ACK, FIN, RST, SYN } from '../net/packet.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { EngineOptions } from './engine.ts'
import { Engine } from './engine.ts'

const ETHERNET = 1
const SECOND = 1e6
const REQUEST = text('GET /cart/7 HTTP/1.1\r\nHost: cart\r\n\r\n')
const ANSWER = text('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

interface Segment { from: 'client' | 'server', flags?: number, seq: number, ack?: number, payload?: Uint8Array, port?: number }

class Bench {
  readonly seen: { flow: FlowInfo, message: Message }[] = []
  readonly frames: number[] = []
  readonly engine: Engine
  nowMicros = 1_700_000_000 * SECOND

  constructor(options: Partial<EngineOptions> = {}) {
    this.engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap', ...options }, {
      message: (flow, message) => { this.seen.push({ flow, message }) },
      frame: { frame: (_buf, _offset, captured) => { this.frames.push(captured) } },
    })
  }

  put(frame: Uint8Array, interfaceId = 0): void {
    this.engine.frame(frame, 0, frame.length, frame.length, this.nowMicros, ETHERNET, interfaceId)
    this.nowMicros += 100
  }

  segment({ from, flags = ACK, seq, ack = 0, payload, port = 40000 }: Segment, interfaceId = 0): void {
    const [src, dst] = from === 'client' ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.1']
    const [srcPort, dstPort] = from === 'client' ? [port, 80] : [80, port]
    this.put(ethernet({ payload: ipv4({ src, dst, protocol: 6, payload: tcp({ srcPort, dstPort, seq, ack, flags, payload }) }) }), interfaceId)
  }

  /** A whole connection with one exchange. */
  exchange(port = 40000, isn = 1000, interfaceId = 0): void {
    const put = (s: Omit<Segment, 'port'>): void => this.segment({ ...s, port }, interfaceId)
    put({ from: 'client', flags: SYN, seq: isn })
    put({ from: 'server', flags: SYN | ACK, seq: 5000, ack: isn + 1 })
    put({ from: 'client', seq: isn + 1, ack: 5001, payload: REQUEST })
    put({ from: 'server', seq: 5001, ack: isn + 1 + REQUEST.length, payload: ANSWER })
    put({ from: 'client', flags: FIN | ACK, seq: isn + 1 + REQUEST.length, ack: 5001 + ANSWER.length })
    put({ from: 'server', flags: FIN | ACK, seq: 5001 + ANSWER.length, ack: isn + 2 + REQUEST.length })
    put({ from: 'client', seq: isn + 2 + REQUEST.length, ack: 5002 + ANSWER.length })
  }

  get lines(): string[] {
    return this.seen.map(({ message }) => `${message.what} ${message.status ?? '-'} ${message.complete ? 'whole' : message.notes.join('; ')}`)
  }
}

test('a connection from SYN to FIN gives its exchange, with who asked whom', () => {
  const bench = new Bench({ nameOf: (ip) => ip === '10.0.0.2' ? 'cart' : undefined })
  bench.exchange()
  assert.deepEqual(bench.lines, ['GET /cart/7 200 whole'])
  const { flow } = bench.seen[0]!
  assert.deepEqual([flow.client, flow.server], [{ ip: '10.0.0.1', port: 40000 }, { ip: '10.0.0.2', port: 80, name: 'cart' }])
  assert.equal(flow.hop, 'wire')
  const { flows, flowsJoinedLate, packets } = bench.engine.health()
  assert.deepEqual({ flows, flowsJoinedLate, packets }, { flows: 1, flowsJoinedLate: 0, packets: 7 })
})

test('the same ports used again are another connection, also right away', () => {
  const bench = new Bench()
  bench.exchange(40000, 1000)
  bench.exchange(40000, 9_000_000)
  assert.equal(bench.seen.length, 2)
  assert.notEqual(bench.seen[0]!.flow.id, bench.seen[1]!.flow.id)
})

test('a late retransmission after the end starts nothing new', () => {
  const bench = new Bench()
  bench.exchange()
  bench.segment({ from: 'server', seq: 5001, ack: 1001 + REQUEST.length, payload: ANSWER })
  bench.engine.end()
  assert.deepEqual(bench.lines, ['GET /cart/7 200 whole'])
  assert.equal(bench.engine.health().flows, 1)
})

test('what is half-assembled at the end is shown and says that it is', () => {
  const bench = new Bench()
  bench.segment({ from: 'client', flags: SYN, seq: 1000 })
  bench.segment({ from: 'client', seq: 1001, payload: REQUEST })
  bench.engine.end()
  assert.equal(bench.seen.length, 1)
  assert.equal(bench.seen[0]!.message.complete, false)
  assert.ok(bench.seen[0]!.message.notes.length > 0)
})

test('a connection that is idle for too long is closed without a packet of its own', () => {
  const bench = new Bench()
  bench.segment({ from: 'client', flags: SYN, seq: 1000 })
  bench.segment({ from: 'client', seq: 1001, payload: REQUEST })
  bench.engine.tick(bench.nowMicros + 9 * 60 * SECOND)
  assert.equal(bench.seen.length, 0)
  bench.engine.tick(bench.nowMicros + 11 * 60 * SECOND)
  assert.equal(bench.seen.length, 1)
})

test('a reset ends the connection and its half exchange', () => {
  const bench = new Bench()
  bench.segment({ from: 'client', flags: SYN, seq: 1000 })
  bench.segment({ from: 'server', flags: SYN | ACK, seq: 5000, ack: 1001 })
  bench.segment({ from: 'client', seq: 1001, ack: 5001, payload: REQUEST })
  bench.segment({ from: 'server', flags: RST | ACK, seq: 5001, ack: 1001 + REQUEST.length })
  assert.equal(bench.seen.length, 1)
  assert.equal(bench.seen[0]!.message.status, undefined)
})

test('a lost segment is counted, and later exchanges are right', () => {
  const bench = new Bench()
  bench.segment({ from: 'client', flags: SYN, seq: 1000 })
  bench.segment({ from: 'server', flags: SYN | ACK, seq: 5000, ack: 1001 })
  // The first request is not captured: its answer acknowledges it.
  const second = 1001 + REQUEST.length
  bench.segment({ from: 'server', seq: 5001, ack: second, payload: ANSWER })
  bench.segment({ from: 'client', seq: second, ack: 5001 + ANSWER.length, payload: REQUEST })
  bench.segment({ from: 'server', seq: 5001 + ANSWER.length, ack: second + REQUEST.length, payload: ANSWER })
  bench.engine.end()
  const { gaps, bytesLost } = bench.engine.health()
  assert.deepEqual({ gaps, bytesLost }, { gaps: 1, bytesLost: REQUEST.length })
  assert.equal(bench.lines.at(-1), 'GET /cart/7 200 whole')
})

test('the filter decides about messages and frames alike', () => {
  const bench = new Bench({ filter: parsePacketFilter({ ports: ['40001'], notPorts: [], hosts: [] }) })
  bench.exchange(40000)
  bench.exchange(40001)
  bench.put(ethernet({ payload: ipv4({ protocol: 17, payload: udp({}) }) }))
  assert.equal(bench.seen.length, 1)
  assert.equal(bench.frames.length, 7)
  assert.equal(bench.engine.health().packets, 15)
})

test('scopes keep copies of one connection apart, and without them a copy is harmless', () => {
  const apart = new Bench({ scopeOf: (id) => id })
  apart.exchange(40000, 1000, 1)
  apart.exchange(40000, 1000, 2)
  assert.equal(apart.seen.length, 2)
  const together = new Bench()
  for (const id of [1, 2]) together.segment({ from: 'client', flags: SYN, seq: 1000 }, id)
  for (const id of [1, 2]) together.segment({ from: 'client', seq: 1001, payload: REQUEST }, id)
  for (const id of [1, 2]) together.segment({ from: 'server', seq: 5001, ack: 1001 + REQUEST.length, payload: ANSWER }, id)
  together.engine.end()
  assert.deepEqual(together.lines, ['GET /cart/7 200 whole'])
})

test('loopback is a clear hop, by its interface or by its addresses', () => {
  const byInterface = new Bench({ isLoopback: () => true, interfaceName: () => 'lo', namespace: 'web' })
  byInterface.exchange()
  const { hop, namespace, interface: name } = byInterface.seen[0]!.flow
  assert.deepEqual({ hop, namespace, name }, { hop: 'clear', namespace: 'web', name: 'lo' })
})

test('frames that no decoder knows are counted, not fatal', () => {
  const bench = new Bench()
  bench.put(ethernet({ payload: new Uint8Array(3) }))
  bench.engine.frame(new Uint8Array(64), 0, 64, 64, bench.nowMicros, 0xfff0, 0)
  const { malformedPackets, unknownLink } = bench.engine.health()
  assert.deepEqual({ malformedPackets, unknownLink }, { malformedPackets: 1, unknownLink: 1 })
})
