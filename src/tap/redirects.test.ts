import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { ethernet, ipv4, ipv6, tcp, text } from '../../test/frames.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { ACK, FIN, RST, SYN } from '../net/packet.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { Engine } from './engine.ts'

const ETHERNET = 1
const MACS_BYTES = 12
const V4 = { app: '10.99.0.1', listener: '127.0.0.1', service: '10.99.0.2' }
const V6 = { app: 'fd99::1', listener: '::1', service: 'fd99::2' }

/** What an app says and hears on its loopback when REDIRECT leads it to a proxy. */
class Loopback {
  readonly seen: { flow: FlowInfo, message: Message }[] = []
  readonly engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap' }, { message: (flow, message) => { this.seen.push({ flow, message }) } })
  #nowMicros = 1_700_000_000e6
  readonly #hosts: typeof V4

  constructor(hosts = V4) {
    this.#hosts = hosts
  }

  #put(src: string, dst: string, segment: Uint8Array): void {
    const v6 = src.includes(':')
    const frame = v6
      ? ethernet({ type: 0x86dd, payload: ipv6({ src, dst, next: 6, payload: segment }) })
      : ethernet({ payload: ipv4({ src, dst, protocol: 6, payload: segment }) })
    frame.fill(0, 0, MACS_BYTES)
    this.engine.frame(frame, 0, frame.length, frame.length, this.#nowMicros, ETHERNET, 0)
    this.#nowMicros += 1000
  }

  app(flags: number, seq: number, ack: number, said = '', port = 40_000): this {
    this.#put(this.#hosts.app, this.#hosts.listener, tcp({ srcPort: port, dstPort: 15001, seq, ack, flags, payload: text(said) }))
    return this
  }

  service(flags: number, seq: number, ack: number, said = '', port = 40_000): this {
    this.#put(this.#hosts.service, this.#hosts.app, tcp({ srcPort: 80, dstPort: port, seq, ack, flags, payload: text(said) }))
    return this
  }

  end(): string[] {
    this.engine.end()
    return this.seen.map(({ flow, message }) => `${flow.hop} ${flow.client.ip} → ${flow.server.ip}:${flow.server.port} ${message.what} ${message.status}`)
  }
}

const REQUEST = 'GET /a HTTP/1.1\r\nhost: cart\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'

for (const [name, hosts] of [['IPv4', V4], ['IPv6', V6]] as const) {
  test(`${name}: a redirected connection is one, and its server is whom the app has called`, () => {
    const lo = new Loopback(hosts).app(SYN, 99, 0).service(SYN | ACK, 499, 100).app(ACK, 100, 500)
      .app(ACK, 100, 500, REQUEST).service(ACK, 500, 100 + REQUEST.length, ANSWER)
      .app(FIN | ACK, 100 + REQUEST.length, 500 + ANSWER.length).service(FIN | ACK, 500 + ANSWER.length, 101 + REQUEST.length)
    assert.deepEqual(lo.end(), [`clear ${hosts.app} → ${hosts.service}:80 GET /a 200`])
    assert.equal(lo.engine.health().flows, 1)
  })
}

test('joined late, with whatever comes first', () => {
  for (const skipped of [0, 1, 2, 3]) {
    const lo = new Loopback()
    const steps = [
      () => lo.app(ACK, 100, 500, REQUEST),
      () => lo.service(ACK, 500, 100 + REQUEST.length),
      () => lo.service(ACK, 500, 100 + REQUEST.length, ANSWER),
      () => lo.app(ACK, 100 + REQUEST.length, 500 + ANSWER.length, REQUEST),
      () => lo.service(ACK, 500 + ANSWER.length, 100 + 2 * REQUEST.length, ANSWER),
    ]
    for (const step of steps.slice(skipped)) step()
    const shown = lo.end()
    assert.equal(shown.filter((line) => line === 'clear 10.99.0.1 → 10.99.0.2:80 GET /a 200').length, skipped === 0 ? 2 : 1, `${skipped}: ${shown.join('\n')}`)
    assert.equal(lo.engine.health().flows, 1, `${skipped}`)
  }
})

test('a connection that the proxy refuses is one refused connection', () => {
  const lo = new Loopback().app(SYN, 99, 0).service(RST | ACK, 0, 100)
  assert.equal(lo.end().length, 1)
  assert.match(JSON.stringify(lo.seen[0]!.message.notes) + lo.seen[0]!.message.what, /refus|reset/i)
})

test('the same client port again, to somebody else', () => {
  const lo = new Loopback().app(SYN, 99, 0).service(SYN | ACK, 499, 100)
    .app(ACK, 100, 500, REQUEST).service(ACK, 500, 100 + REQUEST.length, ANSWER)
    .app(FIN | ACK, 100 + REQUEST.length, 500 + ANSWER.length).service(FIN | ACK, 500 + ANSWER.length, 101 + REQUEST.length)
    .app(SYN, 7_000_099, 0).service(SYN | ACK, 9_000_499, 7_000_100)
    .app(ACK, 7_000_100, 9_000_500, REQUEST).service(ACK, 9_000_500, 7_000_100 + REQUEST.length, ANSWER)
  assert.deepEqual(lo.end(), Array(2).fill('clear 10.99.0.1 → 10.99.0.2:80 GET /a 200'))
})

test('what only has the client\'s port in common stays apart', () => {
  const lo = new Loopback().app(ACK, 100, 500, REQUEST).service(ACK, 3_000_000_000, 2_000_000_000, ANSWER)
  assert.deepEqual(lo.end().toSorted(), ['clear 10.99.0.1 → 10.99.0.2:80 response without request 200', 'clear 10.99.0.1 → 127.0.0.1:15001 GET /a undefined'])
})

test('whatever comes on a loopback: nothing is thrown, and no more is remembered than there are connections', () => {
  const step = fc.record({
    fromApp: fc.boolean(), flags: fc.constantFrom(ACK, SYN, SYN | ACK, RST, RST | ACK, FIN | ACK), seq: fc.nat(3000), ack: fc.nat(3000),
    said: fc.constantFrom('', REQUEST, ANSWER), port: fc.integer({ min: 40_000, max: 40_003 }),
  })
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const lo = new Loopback()
    for (const { fromApp, flags, seq, ack, said, port } of steps) lo[fromApp ? 'app' : 'service'](flags, seq, ack, said, port)
    lo.end()
  }))
})
