import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ethernet, ipv4, tcp, text } from '../../test/frames.ts'
import { LINKTYPE_ETHERNET } from '../net/link-types.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { Engine } from './engine.ts'

const SYN = 2
const PSH_ACK = 24
const TCP = 6

function speak(engine: Engine, client: number, payload: Uint8Array, atMicros: number): void {
  const src = `10.${client >> 16 & 255}.${client >> 8 & 255}.${client & 255}`
  const send = (flags: number, seq: number, bytes: Uint8Array): void => {
    const frame = ethernet({ payload: ipv4({ src, dst: '192.0.2.1', protocol: TCP, payload: tcp({ srcPort: 40000, dstPort: 80, seq, flags, payload: bytes }) }) })
    engine.frame(frame, 0, frame.length, frame.length, atMicros, LINKTYPE_ETHERNET, 0)
  }
  send(SYN, 0, new Uint8Array(0))
  if (payload.length > 0) send(PSH_ACK, 1, payload)
}

test('half-read messages of many connections together stay within a bound, and hitting it is told', () => {
  const clients = 2600
  let told = 0
  const engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap' }, { message: (_flow, m) => { if (!m.complete) told++ } })
  const head = `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`
  const half = text(head + 'x'.repeat(60_000))
  for (let client = 0; client < clients; client++) speak(engine, client, half, client)
  const { limits } = engine.health()
  assert.ok(Object.entries(limits).some(([name, times]) => name.startsWith('memory of messages under way') && times > 500), JSON.stringify(limits))
  assert.ok(told > 500, `${told} told before the end`)
  engine.end()
  assert.equal(told, clients)
})

test('a lower bound lets handshakes under way go earlier', () => {
  const told = (heldBytes?: number): number => {
    let before = 0
    const engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap', heldBytes }, { message: () => { before++ } })
    // A ClientHello of which the end is missing.
    const hello = Uint8Array.of(0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3, ...new Uint8Array(100))
    for (let client = 0; client < 1500; client++) speak(engine, client, hello, client)
    const result = before
    engine.end()
    return result
  }
  assert.equal(told(), 0)
  assert.ok(told(1024 * 1024) > 500)
})

test('a flood of attempts to connect is counted whole, told in part, and keeps nothing', () => {
  let told = 0
  const engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap' }, { message: (_flow, m) => { if (m.status === 'unanswered') told++ } })
  for (let client = 0; client < 3000; client++) speak(engine, client, new Uint8Array(0), client)
  engine.end()
  assert.equal(engine.health().flows, 3000)
  assert.equal(told, 1000)
})

test('what is done to a health leaves the next one as it was', () => {
  const engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap' }, { message: () => {} })
  const place = { name: 'web', capture: 'netns', interfaces: [], packets: 1, droppedByKernel: 0 } as const
  const health = engine.health()
  health.namespaces.push({ ...place, interfaces: [] })
  health.refused.push({ name: 'envoy', why: 'EPERM' })
  health.limits['hit'] = 1
  assert.deepEqual(engine.health(), { ...engine.health(), namespaces: [], refused: [], limits: {} })
})
