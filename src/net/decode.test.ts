import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY, bytes, concat, ethernet, ipv4, ipv6, tcp, text, udp, vlan } from '../../test/frames.ts'
import { formatAddress } from './address.ts'
import { Decoder } from './decode.ts'
import { ACK, MALFORMED, OTHER, PSH, Packet, TCP, UDP, UNKNOWN_LINK } from './packet.ts'

const SEGMENT = tcp({ srcPort: 40001, dstPort: 8080, seq: 0xfffffff0, ack: 0x80000001, flags: PSH | ACK, payload: text('hello') })
const V4 = ipv4({ src: '192.0.2.1', dst: '198.51.100.7', protocol: 6, payload: SEGMENT })
const V6 = ipv6({ src: '2001:db8::1', dst: '2001:db8::2', next: 6, payload: SEGMENT })

interface Decoded { kind: number, payload: string, packet: Packet, src: string, dst: string, decoder: Decoder }

function decode(frame: Uint8Array, linkType = 1, wire = frame.length): Decoded {
  const decoder = new Decoder()
  const packet = new Packet()
  // at an offset and with junk behind it, as frames lie in a ring
  const buf = concat(new Uint8Array(7).fill(0xee), frame, new Uint8Array(64).fill(0xee))
  const kind = decoder.decode(buf, 7, frame.length, wire, linkType, 1e15, packet)
  const payload = new TextDecoder().decode(packet.buf.subarray(packet.payloadOffset, packet.payloadOffset + packet.payloadLength))
  const src = formatAddress(packet.version, packet.src0, packet.src1, packet.src2, packet.src3)
  const dst = formatAddress(packet.version, packet.dst0, packet.dst1, packet.dst2, packet.dst3)
  return { kind, payload, packet, src, dst, decoder }
}

function assertHello(frame: Uint8Array, linkType = 1): void {
  const { kind, payload, packet } = decode(frame, linkType)
  assert.equal(kind, TCP)
  assert.equal(payload, 'hello')
  assert.equal(packet.dstPort, 8080)
  assert.equal(packet.payloadMissing, 0)
}

test('every field of Ethernet, IPv4 and TCP', () => {
  const { kind, packet, payload, src, dst } = decode(ethernet({ payload: V4 }))
  assert.equal(kind, TCP)
  assert.deepEqual([src, dst, packet.srcPort, packet.dstPort, packet.seq, packet.ack, packet.flags, payload],
    ['192.0.2.1', '198.51.100.7', 40001, 8080, 0xfffffff0, 0x80000001, PSH | ACK, 'hello'])
})

test('every field of Ethernet, IPv6 and UDP', () => {
  const { kind, packet, payload, src, dst } = decode(ethernet({
    type: 0x86dd,
    payload: ipv6({ src: '2001:db8::1', dst: 'fe80::2', next: 17, payload: udp({ srcPort: 5353, dstPort: 53, payload: text('query') }) }),
  }))
  assert.equal(kind, UDP)
  assert.deepEqual([src, dst, packet.version, packet.srcPort, packet.dstPort, payload], ['2001:db8::1', 'fe80::2', 6, 5353, 53, 'query'])
})

test('an IPv4 packet clears the address words that an IPv6 packet left', () => {
  const decoder = new Decoder()
  const packet = new Packet()
  decoder.decode(V6, 0, V6.length, V6.length, 101, 0, packet)
  decoder.decode(V4, 0, V4.length, V4.length, 101, 0, packet)
  assert.deepEqual([packet.version, packet.src0, packet.src1, packet.src2, packet.dst0, packet.dst1, packet.dst2], [4, 0, 0, 0, 0, 0, 0])
})

test('link types', () => {
  assertHello(V4, 101)
  assertHello(V6, 101)
  assertHello(V4, 12)
  assertHello(V6, 14)
  assertHello(V4, 228)
  assertHello(V6, 229)
  assertHello(concat(bytes([0, 2], [1, 2], [6, 2], [0, 8], [0x0800, 2]), V4), 113)
  assertHello(concat(bytes([0x86dd, 2], [0, 2], [7, 4], [1, 2], [0, 1], [6, 1], [0, 8]), V6), 276)
  assertHello(concat(bytes([0x0f00, 2], [0x0800, 2]), V4), 104)
  assert.equal(decode(V4, 147).kind, UNKNOWN_LINK)
  assert.equal(decode(V4, 147).decoder.counters.unknownLink, 1)
})

test('null and loopback in both byte orders, with every AF_INET6 of the BSDs', () => {
  for (const linkType of [0, 108]) {
    for (const family of [2, 24, 28, 30]) {
      const packet = family === 2 ? V4 : V6
      assertHello(concat(bytes([family, 4]), packet), linkType)
      assertHello(concat(bytes([family, 1], [0, 3]), packet), linkType)
    }
  }
  assert.equal(decode(concat(bytes([7, 4]), V4), 0).kind, OTHER)
  assert.equal(decode(concat(bytes([0x02000002, 4]), V4), 0).kind, OTHER)
})

test('PPP with and without address, control and compressed protocol, and PPPoE', () => {
  assertHello(concat(bytes([0xff03, 2], [0x0021, 2]), V4), 9)
  assertHello(concat(bytes([0x0057, 2]), V6), 9)
  assertHello(concat(bytes([0x21, 1]), V4), 50)
  assert.equal(decode(bytes([0xc021, 2], [0, 8]), 9).kind, OTHER)
  const session = concat(bytes([0x11, 1], [0, 1], [1, 2], [V4.length + 2, 2], [0x0021, 2]), V4)
  assertHello(ethernet({ type: 0x8864, payload: session }))
  assertHello(ethernet({ type: 0x8864, payload: concat(session, text('padding')) }))
  assertHello(session, 51)
  assert.equal(decode(concat(bytes([0x11, 1], [0, 1], [1, 2], [V4.length + 3, 2], [0x0021, 2]), V4), 51).kind, MALFORMED)
})

test('VLAN, QinQ and SNAP', () => {
  assertHello(ethernet({ type: 0x8100, payload: vlan({ payload: V4 }) }))
  for (const outer of [0x88a8, 0x9100, 0x8100]) {
    assertHello(ethernet({ type: outer, payload: vlan({ type: 0x8100, payload: vlan({ type: 0x86dd, payload: V6 }) }) }))
  }
  assertHello(ethernet({ type: V4.length + 8, payload: concat(bytes([0xaaaa03, 3], [0, 3], [0x0800, 2]), V4) }))
  assert.equal(decode(ethernet({ type: 0x26, payload: bytes([0x424203, 3], [0, 35]) })).kind, OTHER)
  assert.equal(decode(ethernet({ type: 0x0806, payload: new Uint8Array(28) })).kind, OTHER)
})

test('more tags than are followed', () => {
  let frame = V4
  for (let i = 0; i < 40; i++) frame = vlan({ type: i === 0 ? 0x0800 : 0x8100, payload: frame })
  const { kind, decoder } = decode(ethernet({ type: 0x8100, payload: frame }))
  assert.equal(kind, OTHER)
  assert.equal(decoder.counters.tooDeep, 1)
})

test('MPLS: IPv4, IPv6 and Ethernet behind a stack of labels', () => {
  const stack = bytes([0x00010040, 4], [0x00020140, 4])
  assertHello(ethernet({ type: 0x8847, payload: concat(stack, V4) }))
  assertHello(ethernet({ type: 0x8848, payload: concat(stack, V6) }))
  assertHello(ethernet({ type: 0x8847, payload: concat(stack, ethernet({ payload: V4 })) }))
  assertHello(ethernet({ type: 0x8847, payload: concat(stack, bytes([0, 4]), ethernet({ payload: V4 })) }))
  assert.equal(decode(ethernet({ type: 0x8847, payload: bytes([0x00010040, 4], [0x00020040, 4]) })).kind, MALFORMED)
})

test('IPv4 options and TCP options are skipped', () => {
  const segment = tcp({ dstPort: 8080, options: new Uint8Array(40).fill(1), payload: text('hello') })
  assertHello(ethernet({ payload: ipv4({ protocol: 6, options: new Uint8Array(40).fill(1), payload: segment }) }))
})

test('padding of short Ethernet frames is no payload', () => {
  const frame = concat(ethernet({ payload: ipv4({ protocol: 6, payload: tcp({}) }) }), new Uint8Array(6))
  const { kind, packet } = decode(frame)
  assert.equal(kind, TCP)
  assert.equal(packet.payloadLength, 0)
})

test('a length of 0 reaches to the end of the frame: segmentation offload', () => {
  assertHello(ethernet({ payload: ipv4({ protocol: 6, total: 0, payload: SEGMENT }) }))
  assertHello(ethernet({ type: 0x86dd, payload: ipv6({ next: 6, length: 0, payload: SEGMENT }) }))
})

test('what the snap length took is missing, not payload', () => {
  const frame = ethernet({ payload: V4 })
  const { kind, payload, packet } = decode(frame.subarray(0, frame.length - 3), 1, frame.length)
  assert.deepEqual([kind, payload, packet.payloadMissing], [TCP, 'he', 3])
  const header = decode(frame.subarray(0, 14 + 20 + 19), 1, frame.length)
  assert.equal(header.kind, OTHER)
  assert.equal(header.decoder.counters.truncated, 1)
})

test('TCP options that were cut off: the payload is missing as a whole', () => {
  const frame = ethernet({ payload: ipv4({ protocol: 6, payload: tcp({ options: new Uint8Array(12).fill(1), payload: text('hello') }) }) })
  const { kind, packet } = decode(frame.subarray(0, 14 + 20 + 24), 1, frame.length)
  assert.deepEqual([kind, packet.payloadLength, packet.payloadMissing], [TCP, 0, 5])
})

test('an absurd wire length does not become an absurd gap', () => {
  const frame = ethernet({ payload: ipv4({ protocol: 6, total: 0, payload: SEGMENT }) })
  const { kind, packet } = decode(frame, 1, 0xffffffff)
  assert.equal(kind, TCP)
  assert.ok(packet.payloadMissing <= 1024 * 1024)
})

test('IPv6 extension headers, in IPv4 AH too', () => {
  const ah = concat(bytes([6, 1], [4, 1], [0, 2], [1, 4], [1, 4], [0, 12]), SEGMENT)
  const destination = concat(bytes([51, 1], [1, 1], [0, 14]), ah)
  const routing = concat(bytes([60, 1], [0, 1], [0, 6]), destination)
  const hopByHop = concat(bytes([43, 1], [0, 1], [0, 6]), routing)
  assertHello(ethernet({ type: 0x86dd, payload: ipv6({ next: 0, payload: hopByHop }) }))
  assertHello(ethernet({ payload: ipv4({ protocol: 51, payload: ah }) }))
  assertHello(ethernet({ type: 0x86dd, payload: ipv6({ next: 44, payload: concat(bytes([6, 1], [0, 1], [0, 2], [1, 4]), SEGMENT) }) }))
  assert.equal(decode(ipv6({ next: 59, payload: SEGMENT }), 101).kind, OTHER)
  assert.equal(decode(ipv6({ next: 50, payload: SEGMENT }), 101).kind, OTHER)
})

test('headers that break their own format', () => {
  const broken: [string, Uint8Array][] = [
    ['no IP version', bytes([0x15000014, 4], [0, 16])],
    ['IPv4 header of 16 bytes', bytes([0x44000014, 4], [0, 16])],
    ['total length less than the header', ipv4({ protocol: 6, total: 19, payload: SEGMENT })],
    ['total length less than TCP needs', ipv4({ protocol: 6, total: 30, payload: SEGMENT })],
    ['TCP header of 16 bytes', ipv4({ protocol: 6, payload: concat(SEGMENT.subarray(0, 12), bytes([0x40, 1]), SEGMENT.subarray(13)) })],
    ['TCP header beyond the packet', ipv4({ protocol: 6, payload: concat(SEGMENT.subarray(0, 12), bytes([0xf0, 1]), SEGMENT.subarray(13)) })],
    ['UDP length of 7', ipv4({ protocol: 17, payload: udp({ length: 7 }) })],
    ['UDP length beyond the packet', ipv4({ protocol: 17, payload: udp({ length: 9 }) })],
    ['half an extension header', ipv6({ next: 0, payload: bytes([6, 1], [9, 1], [0, 6]) })],
    ['nothing', EMPTY],
  ]
  for (const [name, packet] of broken) {
    const { kind, decoder } = decode(packet, 101)
    assert.equal(kind, MALFORMED, name)
    assert.equal(decoder.counters.malformed, 1, name)
  }
})
