import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ethernet, ipv4, tcp, text, udp } from '../../test/frames.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { ACK, FIN, RST, SYN } from '../net/packet.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'
import { parseDecodeAs } from '../protocols/decode-as.ts'
import { answer, ask } from '../protocols/dns/wire.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { EngineOptions } from './engine.ts'
import { Engine } from './engine.ts'
import { MAX_TOLD, MAX_TOLD_OF_ADDRESS } from './flow-failures.ts'

const ETHERNET = 1
const SECOND = 1e6
const CLIENT_IP = '10.0.0.1'
const SERVER_IP = '10.0.0.2'

interface Sent { from?: 'client' | 'server', port?: number, serverPort?: number, payload?: Uint8Array, src?: string, dst?: string }

class Bench {
  readonly seen: { flow: FlowInfo, message: Message }[] = []
  readonly engine: Engine
  nowMicros = 1_700_000_000 * SECOND

  constructor(options: Partial<EngineOptions> = {}) {
    this.engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap', ...options }, { message: (flow, message) => { this.seen.push({ flow, message }) } })
  }

  #put(protocol: number, { from = 'client', src = CLIENT_IP, dst = SERVER_IP }: Sent, payload: Uint8Array): void {
    const ends = from === 'client' ? { src, dst } : { src: dst, dst: src }
    const frame = ethernet({ payload: ipv4({ ...ends, protocol, payload }) })
    this.engine.frame(frame, 0, frame.length, frame.length, this.nowMicros, ETHERNET, 0)
    this.nowMicros += 1000
  }

  segment(flags: number, seq: number, ack: number, sent: Sent = {}): this {
    const { from = 'client', port = 40_000, serverPort = 9999, payload } = sent
    const [srcPort, dstPort] = from === 'client' ? [port, serverPort] : [serverPort, port]
    this.#put(6, sent, tcp({ srcPort, dstPort, seq, ack, flags, payload }))
    return this
  }

  datagram(payload: Uint8Array, sent: Sent = {}): this {
    const { from = 'client', port = 40_000, serverPort = 9999 } = sent
    const [srcPort, dstPort] = from === 'client' ? [port, serverPort] : [serverPort, port]
    this.#put(17, sent, udp({ srcPort, dstPort, payload }))
    return this
  }

  wait(seconds: number): this {
    this.nowMicros += seconds * SECOND
    this.engine.tick(this.nowMicros)
    return this
  }

  end(): this {
    this.engine.end()
    return this
  }

  get lines(): string[] {
    return this.seen.map(({ message: m }) => `${m.protocol}: ${m.what} ${m.status ?? '-'}`)
  }
}

test('a SYN that is answered by RST is a refused connection, told at once', () => {
  const bench = new Bench().segment(SYN, 100, 0).segment(RST | ACK, 0, 101, { from: 'server' })
  assert.deepEqual(bench.lines, ['tcp: connection refused refused'])
  const { message, flow } = bench.seen[0]!
  assert.deepEqual([message.elapsedMicros, message.outcome, message.complete, flow.client.ip, flow.server.port], [1000, 'server-error', true, CLIENT_IP, 9999])
  assert.equal(bench.end().seen.length, 1)
})

test('an RST that answers another number refuses nothing', () => {
  const bench = new Bench().segment(SYN, 100, 0).segment(RST | ACK, 0, 500, { from: 'server' })
  assert.deepEqual(bench.lines, [])
  assert.deepEqual(bench.end().lines, ['tcp: no answer to a SYN unanswered'])
})

test('SYNs that nobody answers are one message, when no more come', () => {
  const bench = new Bench().segment(SYN, 100, 0).wait(1).segment(SYN, 100, 0).wait(2).segment(SYN, 100, 0)
  assert.deepEqual(bench.wait(60).lines, [])
  assert.deepEqual(bench.wait(11).lines, ['tcp: no answer to 3 SYNs unanswered'])
  const { message } = bench.seen[0]!
  assert.deepEqual([message.outcome, message.complete, message.response], ['none', false, undefined])
  assert.deepEqual(message.request, { bytes: 0, attempts: 3, durationMicros: 3_002_000 })
  assert.equal(bench.end().engine.health().flows, 1)
})

test('a copy of a SYN from a second interface is no further attempt', () => {
  assert.deepEqual(new Bench().segment(SYN, 100, 0).segment(SYN, 100, 0).end().lines, ['tcp: no answer to a SYN unanswered'])
})

test('an attempt that is answered after all is an ordinary connection, from its SYN on', () => {
  const bench = new Bench().segment(SYN, 100, 0).wait(1).segment(SYN, 100, 0).segment(SYN | ACK, 500, 101, { from: 'server' })
    .segment(ACK, 101, 501, { payload: text('GET / HTTP/1.1\r\n\r\n') })
    .segment(ACK, 501, 119, { from: 'server', payload: text('HTTP/1.1 204 No Content\r\n\r\n') })
  assert.deepEqual(bench.lines, ['http1: GET / 204'])
  const { flows, flowsJoinedLate } = bench.engine.health()
  assert.deepEqual({ flows, flowsJoinedLate }, { flows: 1, flowsJoinedLate: 0 })
  assert.equal(bench.seen[0]!.flow.firstMicros, 1_700_000_000 * SECOND)
})

test('a SYN with data and no answer is a connection that says something', () => {
  assert.deepEqual(new Bench().segment(SYN, 100, 0, { payload: text('GET /fast HTTP/1.1\r\n\r\n') }).end().lines, ['http1: GET /fast -'])
})

test('a connection on which nothing is said is told when it ends', () => {
  const bench = new Bench().segment(SYN, 100, 0).segment(SYN | ACK, 500, 101, { from: 'server' }).segment(ACK, 101, 501)
  assert.deepEqual(bench.lines, [])
  bench.wait(3).segment(FIN | ACK, 101, 501).segment(FIN | ACK, 501, 102, { from: 'server' })
  assert.deepEqual(bench.lines, ['tcp: connection without data no data'])
  assert.deepEqual(bench.seen[0]!.message.request, { bytes: 0, durationMicros: 3_004_000 })
  const reset = new Bench().segment(SYN, 100, 0).segment(SYN | ACK, 500, 101, { from: 'server' }).segment(RST, 101, 0)
  assert.deepEqual([reset.lines, reset.seen[0]!.message.notes], [['tcp: connection without data no data'], ['ended by RST']])
})

test('stray packets of connections that are over are no connections', () => {
  const bench = new Bench().segment(ACK, 7, 8).segment(RST, 7, 8, { port: 40_001 }).end()
  assert.deepEqual(bench.lines, [])
})

test('a stream of which only acknowledgements were captured is told by what is missing', () => {
  const bench = new Bench().segment(SYN, 100, 0).segment(SYN | ACK, 500, 101, { from: 'server' }).segment(ACK, 101, 501)
    .segment(ACK, 501, 901, { from: 'server' }).segment(ACK, 901, 501).end()
  assert.equal(bench.seen.length, 1)
  assert.equal(bench.seen[0]!.message.complete, false)
  assert.deepEqual(bench.seen[0]!.message.notes, ['800 bytes lost'])
})

test('a flood of SYNs is told of each address so often and not more, and says so', () => {
  const bench = new Bench()
  for (let i = 0; i < MAX_TOLD_OF_ADDRESS + 700; i++) bench.segment(SYN, i, 0, { src: `10.${i >> 8}.${i & 255}.7`, port: 40_000 })
  bench.end()
  assert.equal(bench.seen.length, MAX_TOLD_OF_ADDRESS)
  const [[name, count]] = Object.entries(bench.engine.health().limits) as [[string, number]]
  assert.deepEqual([name.includes(String(MAX_TOLD_OF_ADDRESS)), name.includes(String(MAX_TOLD)), count], [true, true, 700])
})

test('DNS over UDP is read on any port, with who asked whom', () => {
  const bench = new Bench()
  bench.datagram(ask('A', 'web.example'), { serverPort: 5300 }).datagram(answer('A', 'web.example', []), { serverPort: 5300, from: 'server' })
  assert.deepEqual(bench.lines, ['dns: A web.example NOERROR'])
  assert.deepEqual([bench.seen[0]!.flow.client.port, bench.seen[0]!.flow.server.port], [40_000, 5300])
  assert.deepEqual(bench.end().lines, ['dns: A web.example NOERROR'])
})

test('an answer that is seen first shows who is the server', () => {
  const bench = new Bench().datagram(answer('A', 'web.example', []), { serverPort: 5300, from: 'server' }).end()
  assert.deepEqual([bench.seen[0]!.flow.client.port, bench.seen[0]!.flow.server.port], [40_000, 5300])
})

test('datagrams that nobody claims are one message when the flow is idle', () => {
  const bench = new Bench()
  for (let i = 0; i < 20; i++) bench.datagram(text('some metric:1|c'))
  bench.datagram(text('ok'), { from: 'server' })
  assert.deepEqual(bench.wait(59).lines, [])
  assert.deepEqual(bench.wait(2).lines, ['udp: UDP, 20 out, 1 in -'])
  const { message } = bench.seen[0]!
  assert.deepEqual([message.request, message.response], [{ datagrams: 20, bytes: 300, durationMicros: 20_000 }, { datagrams: 1, bytes: 2 }])
  bench.datagram(text('again')).end()
  assert.equal(bench.seen.length, 2)
  assert.notEqual(bench.seen[0]!.flow.id, bench.seen[1]!.flow.id)
})

test('QUIC is named where its long header is certain, and only there', () => {
  const initial = Buffer.alloc(1200)
  Buffer.from('c300000001088394c8f03e51570800', 'hex').copy(initial)
  assert.deepEqual(new Bench().datagram(initial).datagram(initial.subarray(0, 40), { from: 'server' }).end().lines, ['udp: QUIC version 1, 1 out, 1 in -'])
  assert.deepEqual(new Bench().datagram(initial.subarray(0, 500)).end().lines, ['udp: UDP, 1 out, 0 in -'])
  const unknown = Buffer.from(initial)
  unknown[1] = 0x77
  assert.deepEqual(new Bench().datagram(unknown).end().lines, ['udp: UDP, 1 out, 0 in -'])
})

test('the filter and --write see datagrams as they see segments', () => {
  const bench = new Bench({ filter: parsePacketFilter({ ports: ['53'], notPorts: [], hosts: [] }) })
  bench.datagram(ask('A', 'web.example'), { serverPort: 53 }).datagram(ask('A', 'web.example'), { serverPort: 54 }).end()
  assert.deepEqual(bench.lines, ['dns: A web.example -'])
  assert.deepEqual(new Bench({ dissect: false }).datagram(ask('A', 'web.example')).end().lines, [])
})

test('--decode-as decides without looking, and where it is wrong that is said', () => {
  const decodeAs = parseDecodeAs(['9999=http1', 'udp:9999=dns'])
  const odd = Buffer.concat([ask('A', 'web.example'), text('trailing')])
  assert.deepEqual(new Bench().datagram(odd).end().lines, ['udp: UDP, 1 out, 0 in -'])
  assert.deepEqual(new Bench({ decodeAs }).datagram(odd).end().lines, ['dns: A web.example -'])
  const wrong = new Bench({ decodeAs }).datagram(text('no')).end()
  assert.deepEqual([wrong.lines, wrong.seen[0]!.message.notes, wrong.engine.health().malformedBytes], [['udp: UDP, 1 out, 0 in not dns'], ['this is not dns, which --decode-as says'], 1])
  const stream = new Bench({ decodeAs }).segment(SYN, 100, 0).segment(SYN | ACK, 500, 101, { from: 'server' }).segment(ACK, 101, 501, { payload: text('*1 nothing of HTTP\r\n\r\n') }).end()
  assert.deepEqual([stream.lines, stream.seen[0]!.message.notes], [['tcp: 22 bytes out, 0 bytes in not http1'], ['this is not http1, which --decode-as says']])
  assert.ok(stream.engine.health().malformedBytes > 0)
})

test('floods of datagrams are told in part, and never cost connections', () => {
  const bench = new Bench().segment(SYN, 100, 0).segment(SYN | ACK, 500, 101, { from: 'server' })
  for (let i = 0; i < 25_000; i++) bench.datagram(text('x'), { src: `10.${i >> 14 & 255}.${i >> 7 & 127}.${i & 127}`, port: 1024 + i % 60_000 })
  const { flowsEvicted } = bench.engine.health()
  assert.ok(flowsEvicted > 0 && flowsEvicted < 25_000)
  bench.segment(ACK, 101, 501, { payload: text('GET / HTTP/1.1\r\n\r\n') }).end()
  assert.equal(bench.seen.filter(({ message }) => message.protocol === 'udp').length, MAX_TOLD_OF_ADDRESS)
  assert.ok(bench.lines.includes('http1: GET / -'))
})
