import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, concat, ethernet, ipv4, ipv6, tcp, text, udp } from '../../test/frames.ts'
import { formatAddress } from './address.ts'
import { Decoder } from './decode.ts'
import type { PacketKind } from './packet.ts'
import { MALFORMED, OTHER, Packet, TCP, UDP } from './packet.ts'

const INNER = ipv4({ src: '10.1.0.1', dst: '10.1.0.2', protocol: 6, payload: tcp({ dstPort: 8080, payload: text('hello') }) })
const VXLAN = bytes([0x08, 1], [0, 3], [42, 3], [0, 1])
const GENEVE_OPTION = bytes([0x0102, 2], [0x80, 1], [1, 1], [0xdeadbeef, 4])

function overUdp(dstPort: number, payload: Uint8Array): Uint8Array {
  return ipv4({ src: '192.0.2.1', dst: '192.0.2.2', protocol: 17, payload: udp({ srcPort: 55555, dstPort, payload }) })
}

function overGre(payload: Uint8Array): Uint8Array {
  return ipv4({ src: '192.0.2.1', dst: '192.0.2.2', protocol: 47, payload })
}

function decode(frame: Uint8Array): { kind: PacketKind, packet: Packet, payload: string, src: string } {
  const packet = new Packet()
  const kind = new Decoder().decode(frame, 0, frame.length, frame.length, 101, 0, packet)
  const payload = new TextDecoder().decode(packet.buf.subarray(packet.payloadOffset, packet.payloadOffset + packet.payloadLength))
  return { kind, packet, payload, src: formatAddress(packet.version, packet.src0, packet.src1, packet.src2, packet.src3) }
}

function assertInner(frame: Uint8Array): void {
  const { kind, payload, src } = decode(frame)
  assert.deepEqual([kind, payload, src], [TCP, 'hello', '10.1.0.1'])
}

test('VXLAN on both ports, with a group policy, with a next protocol', () => {
  assertInner(overUdp(4789, concat(VXLAN, ethernet({ payload: INNER }))))
  assertInner(overUdp(8472, concat(VXLAN, ethernet({ payload: INNER }))))
  assertInner(overUdp(4789, concat(bytes([0x88, 1], [0, 1], [7, 2], [42, 3], [0, 1]), ethernet({ payload: INNER }))))
  assertInner(overUdp(4789, concat(bytes([0x0c, 1], [0, 2], [1, 1], [42, 3], [0, 1]), INNER)))
  const nsh = bytes([0x0fc6, 2], [1, 1], [3, 1], [0x0a0b0cff, 4], [0, 16])
  assertInner(overUdp(4789, concat(bytes([0x0c, 1], [0, 2], [4, 1], [42, 3], [0, 1]), nsh, ethernet({ payload: INNER }))))
})

test('GENEVE with and without options', () => {
  assertInner(overUdp(6081, concat(bytes([0, 2], [0x6558, 2], [42, 3], [0, 1]), ethernet({ payload: INNER }))))
  assertInner(overUdp(6081, concat(bytes([2, 1], [0, 1], [0x0800, 2], [42, 3], [0, 1]), GENEVE_OPTION, INNER)))
})

test('a UDP packet to a tunnel port that is no tunnel stays UDP', () => {
  const notTunnels = [
    overUdp(4789, text('not a tunnel')),
    overUdp(4789, concat(VXLAN, text('short'))),
    overUdp(4789, concat(VXLAN, ethernet({ payload: text('not an IP packet at all') }))),
    overUdp(8472, new Uint8Array(0)),
    overUdp(6081, bytes([0x3f, 1], [0, 1], [0x6558, 2], [0, 4])),
    overUdp(6081, bytes([0xc0, 1], [0, 1], [0x6558, 2], [0, 4])),
  ]
  for (const frame of notTunnels) {
    const { kind, packet, src } = decode(frame)
    assert.deepEqual([kind, src, packet.srcPort, packet.payloadOffset, packet.payloadLength], [UDP, '192.0.2.1', 55555, 28, frame.length - 28])
  }
})

test('GRE with every combination of its optional fields', () => {
  for (let flags = 0; flags < 16; flags++) {
    const field = flags << 12
    const fields = [0x8000, 0x2000, 0x1000].filter((bit) => (field & bit) !== 0).length
    const frame = overGre(concat(bytes([field, 2], [0x0800, 2], [7, 4 * fields]), INNER))
    if ((field & 0x4000) === 0) assertInner(frame)
    else assert.equal(decode(frame).kind, OTHER)
  }
})

test('GRE with Ethernet, ERSPAN and PPP inside', () => {
  const frame = ethernet({ payload: INNER })
  assertInner(overGre(concat(bytes([0, 2], [0x6558, 2]), frame)))
  assertInner(overGre(concat(bytes([0, 2], [0x88be, 2]), frame)))
  assertInner(overGre(concat(bytes([0x1000, 2], [0x88be, 2], [1, 4], [0x1000, 2], [0, 6]), frame)))
  assertInner(overGre(concat(bytes([0x1000, 2], [0x22eb, 2], [1, 4], [0x2000, 2], [0, 10]), frame)))
  assertInner(overGre(concat(bytes([0x1000, 2], [0x22eb, 2], [1, 4], [0x2000, 2], [0, 9], [1, 1], [0, 8]), frame)))
  const ppp = concat(bytes([0xff03, 2], [0x0021, 2]), INNER)
  assertInner(overGre(concat(bytes([0x3081, 2], [0x880b, 2], [ppp.length, 2], [1, 2], [5, 4], [6, 4]), ppp)))
  assert.equal(decode(overGre(bytes([0x2081, 2], [0x880b, 2], [0, 2], [1, 2], [6, 4]))).kind, OTHER)
})

test('IP in IP in all four combinations', () => {
  assertInner(ipv4({ protocol: 4, payload: INNER }))
  assertInner(ipv6({ next: 4, payload: INNER }))
  const inner6 = ipv6({ src: 'fd01::1', next: 6, payload: tcp({ payload: text('hello') }) })
  for (const frame of [ipv4({ protocol: 41, payload: inner6 }), ipv6({ next: 41, payload: inner6 })]) {
    const { kind, payload, src } = decode(frame)
    assert.deepEqual([kind, payload, src], [TCP, 'hello', 'fd01::1'])
  }
})

test('tunnels in tunnels, and more of them than are followed', () => {
  assertInner(overGre(concat(bytes([0, 2], [0x0800, 2]), overUdp(4789, concat(VXLAN, ethernet({ payload: ipv4({ protocol: 4, payload: INNER }) }))))))
  let deep = INNER
  for (let i = 0; i < 60; i++) deep = ipv4({ protocol: 4, payload: deep })
  assert.equal(decode(deep).kind, OTHER)
})

test('an inner packet that claims more than the tunnel carries ends with the tunnel', () => {
  const inner = ipv4({ src: '10.1.0.1', protocol: 6, total: 1000, payload: tcp({ payload: text('hello') }) })
  const { kind, packet, payload } = decode(ipv4({ protocol: 4, payload: inner }))
  assert.deepEqual([kind, payload, packet.payloadMissing], [TCP, 'hello', 0])
  const datagram = ipv4({ src: '10.1.0.1', protocol: 17, total: 1000, payload: udp({ length: 980, payload: text('hello') }) })
  assert.deepEqual([decode(ipv4({ protocol: 4, payload: datagram })).kind, decode(datagram).payload], [UDP, 'hello'])
  assert.equal(decode(overGre(bytes([0, 2], [0x0800, 2]))).kind, MALFORMED)
})
