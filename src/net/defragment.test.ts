import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { bytes, concat, ipv4, ipv6, tcp, udp } from '../../test/frames.ts'
import { Decoder } from './decode.ts'
import { FRAGMENT_LIMITS } from './defragment.ts'
import type { PacketKind } from './packet.ts'
import { FRAGMENT, MALFORMED, Packet, TCP, UDP } from './packet.ts'

const BODY = Uint8Array.from({ length: 4000 }, (_, i) => i * 7 & 255)
const DATAGRAM = udp({ srcPort: 1111, dstPort: 2222, payload: BODY })

interface Part { offset: number, end: number }

function cut(size: number, ...at: number[]): Part[] {
  const edges = [0, ...at, size]
  return edges.slice(1).map((end, i) => ({ offset: edges[i]!, end }))
}

function fragment4(datagram: Uint8Array, { offset, end }: Part, id = 7, protocol = 17): Uint8Array {
  return ipv4({ protocol, id, offset, more: end < datagram.length, payload: datagram.subarray(offset, end) })
}

function fragment6(datagram: Uint8Array, { offset, end }: Part, id = 7): Uint8Array {
  const header = bytes([17, 1], [0, 1], [offset | (end < datagram.length ? 1 : 0), 2], [id, 4])
  return ipv6({ next: 44, payload: concat(header, datagram.subarray(offset, end)) })
}

class Receiver {
  readonly decoder: Decoder
  readonly packet = new Packet()

  constructor(decoder = new Decoder()) {
    this.decoder = decoder
  }

  take(frame: Uint8Array, atMicros = 0): PacketKind {
    const borrowed = Buffer.from(frame)
    const kind = this.decoder.decode(borrowed, 0, frame.length, frame.length, 101, atMicros, this.packet)
    if (kind === FRAGMENT) borrowed.fill(0xee)
    return kind
  }

  get payload(): Uint8Array {
    return new Uint8Array(this.packet.buf.subarray(this.packet.payloadOffset, this.packet.payloadOffset + this.packet.payloadLength))
  }
}

test('any cut, order and repetition of fragments gives the datagram once, for IPv4 and IPv6', () => {
  const edges = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 20 }).map((list) => list.map((i) => i * 8).sort((a, b) => a - b))
  fc.assert(fc.property(edges, fc.boolean(), fc.infiniteStream(fc.nat()), (at, isV6, random) => {
    const build = isV6 ? fragment6 : fragment4
    const parts = cut(DATAGRAM.length, ...at)
    const frames = [...parts, ...parts.filter((_, i) => i % 3 === 0)].map((part) => build(DATAGRAM, part))
    const keyed = frames.map((frame) => ({ frame, key: random.next().value! }))
    const receiver = new Receiver()
    let found = 0
    for (const { frame } of keyed.toSorted((a, b) => a.key - b.key)) {
      const kind = receiver.take(frame)
      if (kind === FRAGMENT) continue
      // an IPv4 datagram in one part is no fragment, so its copy counts again
      if (parts.length > 1) assert.equal(++found, 1)
      assert.equal(kind, UDP)
      assert.deepEqual([receiver.packet.srcPort, receiver.packet.dstPort], [1111, 2222])
      assert.deepEqual(receiver.payload, BODY)
    }
    assert.equal(parts.length > 1 ? found : 1, 1)
    assert.equal(receiver.decoder.waitingDatagrams, 0)
  }), { numRuns: 60 })
})

test('fragments of different datagrams do not mix', () => {
  const receiver = new Receiver()
  const segment = tcp({ payload: BODY })
  const parts = cut(DATAGRAM.length, 2000)
  receiver.take(fragment4(DATAGRAM, parts[0]!, 1))
  receiver.take(fragment4(DATAGRAM, parts[0]!, 2))
  receiver.take(fragment4(segment, { offset: 0, end: 2000 }, 2, 6))
  assert.equal(receiver.take(fragment4(segment, { offset: 2000, end: segment.length }, 2, 6)), TCP)
  assert.equal(receiver.take(fragment4(DATAGRAM, parts[1]!, 2)), UDP)
  assert.equal(receiver.take(fragment4(DATAGRAM, parts[1]!, 1)), UDP)
})

test('parts that overlap spoil the datagram', () => {
  for (const build of [fragment4, fragment6]) {
    const receiver = new Receiver()
    receiver.take(build(DATAGRAM, { offset: 0, end: 2000 }))
    assert.equal(receiver.take(build(DATAGRAM, { offset: 1992, end: 3000 })), FRAGMENT)
    assert.equal(receiver.take(build(DATAGRAM, { offset: 2000, end: DATAGRAM.length })), FRAGMENT)
    assert.equal(receiver.decoder.counters.fragmentsConflicting, 1)
    assert.equal(receiver.decoder.counters.fragmentsExpired, 0)

    const reversed = new Receiver()
    reversed.take(build(DATAGRAM, { offset: 2000, end: DATAGRAM.length }))
    reversed.take(build(DATAGRAM, { offset: 0, end: 2008 }))
    assert.equal(reversed.decoder.counters.fragmentsConflicting, 1)
  }
})

test('two ends that differ spoil the datagram', () => {
  const receiver = new Receiver()
  receiver.take(fragment4(DATAGRAM, { offset: 2000, end: DATAGRAM.length }))
  receiver.take(fragment4(DATAGRAM.subarray(0, 3000), { offset: 2000, end: 3000 }))
  assert.equal(receiver.decoder.counters.fragmentsConflicting, 1)
})

test('a datagram whose rest never comes expires in capture time', () => {
  const receiver = new Receiver()
  receiver.take(fragment4(DATAGRAM, { offset: 0, end: 2000 }), 1e6)
  assert.equal(receiver.decoder.waitingDatagrams, 1)
  receiver.take(fragment4(DATAGRAM, { offset: 0, end: 2000 }, 8), 31e6)
  assert.equal(receiver.decoder.counters.fragmentsExpired, 1)
  assert.equal(receiver.take(fragment4(DATAGRAM, { offset: 2000, end: DATAGRAM.length }), 32e6), FRAGMENT)
})

test('the same number may be used again after a moment', () => {
  const receiver = new Receiver()
  const frames = cut(DATAGRAM.length, 2000).map((part) => fragment4(DATAGRAM, part))
  assert.deepEqual(frames.map((frame) => receiver.take(frame, 0)), [FRAGMENT, UDP])
  assert.deepEqual(frames.map((frame) => receiver.take(frame, 50_000)), [FRAGMENT, FRAGMENT])
  assert.deepEqual(frames.map((frame) => receiver.take(frame, 200_000)), [FRAGMENT, UDP])
})

test('memory is bounded by bytes, by datagrams and by parts', () => {
  const receiver = new Receiver(new Decoder({ ...FRAGMENT_LIMITS, heldBytes: 100_000 }))
  for (let id = 0; id < 500; id++) receiver.take(fragment4(DATAGRAM, { offset: 0, end: 1000 }, id))
  assert.ok(receiver.decoder.waitingDatagrams < 100_000 / 1000)
  assert.equal(receiver.decoder.counters.fragmentsExpired + receiver.decoder.waitingDatagrams, 500)

  const few = new Receiver(new Decoder({ ...FRAGMENT_LIMITS, datagrams: 10 }))
  for (let id = 0; id < 50; id++) few.take(fragment4(DATAGRAM, { offset: 0, end: 1000 }, id))
  assert.equal(few.decoder.waitingDatagrams, 10)

  const parts = new Receiver()
  for (let i = 1; i <= 257; i++) parts.take(fragment4(DATAGRAM, { offset: i * 8, end: i * 8 + 8 }))
  assert.equal(parts.decoder.counters.fragmentsConflicting, 1)
})

test('an IPv6 fragment that is the whole datagram is no fragment, even when it comes twice', () => {
  const receiver = new Receiver()
  for (let i = 0; i < 2; i++) {
    assert.equal(receiver.take(fragment6(DATAGRAM, { offset: 0, end: DATAGRAM.length })), UDP)
    assert.deepEqual(receiver.payload, BODY)
  }
  assert.equal(receiver.decoder.counters.fragments, 0)
})

test('fragments that cannot be', () => {
  const receiver = new Receiver()
  const junk = new Uint8Array(100)
  assert.equal(receiver.take(ipv4({ protocol: 17, more: true, payload: junk.subarray(0, 99) })), MALFORMED)
  assert.equal(receiver.take(ipv4({ protocol: 17, offset: 65528, payload: junk })), MALFORMED)
  assert.equal(receiver.take(ipv4({ protocol: 17, more: true, payload: junk.subarray(0, 0) })), MALFORMED)
})

test('a fragment that the snap length cut is not joined', () => {
  const receiver = new Receiver()
  const [first, last] = cut(DATAGRAM.length, 2000).map((part) => fragment4(DATAGRAM, part))
  assert.equal(receiver.decoder.decode(first!, 0, 500, first!.length, 101, 0, receiver.packet), FRAGMENT)
  assert.equal(receiver.take(last!), FRAGMENT)
})
