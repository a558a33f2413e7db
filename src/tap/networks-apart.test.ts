import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, concat, ethernet, ipv4, tcp, text, udp, vlan } from '../../test/frames.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import { ACK, FIN, SYN } from '../net/packet.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { Engine } from './engine.ts'

const ETHERNET = 1
const WEB = '10.0.0.1'
const CART = '10.0.0.2'

type Wrap = (packet: Uint8Array) => Uint8Array
const untagged: Wrap = (payload) => ethernet({ payload })
const tagged = (id: number): Wrap => (payload) => ethernet({ type: 0x8100, payload: vlan({ id, payload }) })
const overlay = (port: number, header: Uint8Array): Wrap => (payload) => ethernet({ payload: ipv4({ src: '172.16.0.1', dst: '172.16.0.2', protocol: 17, payload: udp({ srcPort: 50_000, dstPort: port, payload: concat(header, ethernet({ payload })) }) }) })
const vxlan = (vni: number): Wrap => overlay(4789, bytes([0x08, 1], [0, 3], [vni, 3], [0, 1]))
const geneve = (vni: number): Wrap => overlay(6081, bytes([0, 2], [0x6558, 2], [vni, 3], [0, 1]))
const gre = (key: number): Wrap => (payload) => ethernet({ payload: ipv4({ src: '172.16.0.1', dst: '172.16.0.2', protocol: 47, payload: concat(bytes([0x2000, 2], [0x0800, 2], [key, 4]), payload) }) })

/** What one connection says: a request and its answer, packet by packet. */
function connection(name: string, isn: number): { isFromClient: boolean, packet: Uint8Array }[] {
  const [client, server] = [isn, isn + 77_000_000]
  const request = text(`GET /${name} HTTP/1.1\r\nHost: cart\r\n\r\n`)
  const answer = text('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const said = (isFromClient: boolean, flags: number, seq: number, ack: number, payload = text('')): { isFromClient: boolean, packet: Uint8Array } => {
    const [src, dst, srcPort, dstPort] = isFromClient ? [WEB, CART, 40_000, 80] : [CART, WEB, 80, 40_000]
    return { isFromClient, packet: ipv4({ src, dst, protocol: 6, payload: tcp({ srcPort, dstPort, seq: seq >>> 0, ack: ack >>> 0, flags, payload }) }) }
  }
  return [
    said(true, SYN, client, 0), said(false, SYN | ACK, server, client + 1), said(true, ACK, client + 1, server + 1), said(true, ACK, client + 1, server + 1, request),
    said(false, ACK, server + 1, client + 1 + request.length, answer), said(true, FIN | ACK, client + 1 + request.length, server + 1 + answer.length),
    said(false, FIN | ACK, server + 1 + answer.length, client + 2 + request.length), said(true, ACK, client + 2 + request.length, server + 2 + answer.length),
  ]
}

class Bench {
  readonly messages: Message[] = []
  readonly engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap' }, { message: (_, message) => { this.messages.push(message) } })
  #nowMicros: Micros = 1_700_000_000e6

  put(frame: Uint8Array): void {
    this.engine.frame(frame, 0, frame.length, frame.length, this.#nowMicros, ETHERNET, 0)
    this.#nowMicros += 100
  }

  end(): string[] {
    this.engine.end()
    return this.messages.map(({ what, status, complete }) => `${what} ${status ?? '-'} ${complete}`).toSorted()
  }
}

const NETWORKS: [string, Wrap, Wrap][] = [
  ['two VLANs', tagged(10), tagged(20)], ['a VLAN and none', tagged(10), untagged], ['none and a VLAN', untagged, tagged(10)], ['two VNIs', vxlan(1), vxlan(2)], ['two GENEVE networks', geneve(1), geneve(0x10000)],
  ['two GRE keys', gre(1), gre(2)], ['a VLAN and a VNI of one number', tagged(10), vxlan(10)],
]

for (const [name, one, other] of NETWORKS) {
  test(`${name}: tenants with the same addresses and ports at the same time are two`, () => {
    for (const orders of [[0, 0], [0, 1], [0, 3], [0, 8], [2, 0]]) {
      const bench = new Bench()
      const [a, b] = [connection('one', 1000), connection('other', 2_000_000_000)]
      for (let n = 0; n < 16; n++) {
        const [first, second] = [a[n - orders[0]!], b[n - orders[1]!]]
        if (first !== undefined) bench.put(one(first.packet))
        if (second !== undefined) bench.put(other(second.packet))
      }
      assert.deepEqual(bench.end(), ['GET /one 200 true', 'GET /other 200 true'], String(orders))
    }
  })
}

test('one connection that is seen in several networks on its way is one', () => {
  const bench = new Bench()
  for (const { packet } of connection('once', 1000)) for (const wrap of [untagged, tagged(10), vxlan(7)]) bench.put(wrap(packet))
  assert.deepEqual(bench.end(), ['GET /once 200 true'])
})

test('one connection whose directions have a VLAN each is one', () => {
  const bench = new Bench()
  for (const { isFromClient, packet } of connection('routed', 1000)) bench.put(tagged(isFromClient ? 10 : 20)(packet))
  assert.deepEqual(bench.end(), ['GET /routed 200 true'])
})

test('a tenant goes on after the other one with its addresses is over', () => {
  const bench = new Bench()
  const [a, b] = [connection('one', 1000), connection('other', 2_000_000_000)]
  bench.put(tagged(10)(a[0]!.packet))
  for (const { packet } of b.slice(0, 3)) bench.put(tagged(20)(packet))
  for (const { packet } of a.slice(1)) bench.put(tagged(10)(packet))
  for (const { packet } of b.slice(3)) bench.put(tagged(20)(packet))
  assert.deepEqual(bench.end(), ['GET /one 200 true', 'GET /other 200 true'])
})

/** A question for the address of a name, or its answer. */
function dns(name: string, isAnswer: boolean): Uint8Array {
  const question = concat(bytes([name.length, 1]), text(name), bytes([0, 1], [1, 2], [1, 2]))
  const payload = concat(bytes([4711, 2], [isAnswer ? 0x8180 : 0x0100, 2], [1, 2], [0, 2], [0, 2], [0, 2]), question)
  const [src, dst, srcPort, dstPort] = isAnswer ? [CART, WEB, 53, 40_000] : [WEB, CART, 40_000, 53]
  return ipv4({ src, dst, protocol: 17, payload: udp({ srcPort, dstPort, payload }) })
}

test('datagrams of two tenants are two, and an answer may have a VLAN of its own', () => {
  const tenants = new Bench()
  for (const isAnswer of [false, true]) for (const [id, name] of [[10, 'one'], [20, 'two']] as const) tenants.put(tagged(id)(dns(name, isAnswer)))
  assert.deepEqual(tenants.messages.map(({ what, status, notes }) => [what, status, notes]).toSorted(), [['A one', 'NOERROR', []], ['A two', 'NOERROR', []]])
  const routed = new Bench()
  routed.put(tagged(10)(dns('one', false)))
  routed.put(tagged(20)(dns('one', true)))
  assert.deepEqual(routed.messages.map(({ what, status }) => [what, status]), [['A one', 'NOERROR']])
})
