import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketRing } from './packet-ring.ts'

const BLOCK = 4096
const ETHERNET = Uint8Array.from({ length: 60 }, (_, i) => i)
const NETWORK = Uint8Array.from([0x45, ...Array.from({ length: 39 }, (_, i) => i)])

interface Given {
  frame: Uint8Array
  hardwareType?: number
  packetType?: number
  /** EtherType. */
  protocol?: number
  /** Bytes of the link header. */
  link?: number
  wire?: number
  status?: number
  vlan?: { tci: number, tpid: number }
}

/** Ring memory as the kernel leaves it: blocks of frames in the layout of TPACKET_V3 (linux/if_packet.h). */
function makeRing(blocks: readonly (readonly Given[])[]): { ring: PacketRing, view: DataView } {
  const view = new DataView(new ArrayBuffer(BLOCK * blocks.length))
  blocks.forEach((frames, i) => writeBlock(view, i * BLOCK, frames))
  const size = { blockSizeBytes: BLOCK, blockCount: blocks.length, retireMs: 1 }
  return { ring: new PacketRing(-1, { address: 0n, buffer: view.buffer as ArrayBuffer, size }), view }
}

function writeBlock(view: DataView, base: number, frames: readonly Given[]): void {
  view.setUint32(base + 8, frames.length > 0 ? 1 : 0, true)
  view.setUint32(base + 12, frames.length, true)
  view.setUint32(base + 16, 48, true)
  let at = base + 48
  for (const given of frames) at += writeFrame(view, at, given)
}

function writeFrame(view: DataView, at: number, { frame, hardwareType = 1, packetType = 0, protocol = 0x0800, link = 14, wire, status = 1, vlan }: Given): number {
  const net = 112
  const mac = net - link
  const size = net + frame.length + 15 & ~15
  view.setUint32(at, size, true)
  view.setUint32(at + 4, 1_700_000_000, true)
  view.setUint32(at + 8, 123_456_999, true)
  view.setUint32(at + 12, frame.length, true)
  view.setUint32(at + 16, wire ?? frame.length, true)
  view.setUint32(at + 20, status, true)
  view.setUint16(at + 24, mac, true)
  view.setUint16(at + 26, net, true)
  view.setUint32(at + 32, vlan?.tci ?? 0, true)
  view.setUint16(at + 36, vlan?.tpid ?? 0, true)
  view.setUint16(at + 50, protocol, false)
  view.setInt32(at + 52, 7, true)
  view.setUint16(at + 56, hardwareType, true)
  view.setUint8(at + 58, packetType)
  view.setUint8(at + 59, 6)
  for (let i = 0; i < 6; i++) view.setUint8(at + 60 + i, 0xa0 + i)
  new Uint8Array(view.buffer, at + mac, frame.length).set(frame)
  return size
}

function walk(ring: PacketRing): { bytes: number[], wire: number, atMicros: number, linkType: number, interfaceId: number }[] {
  const seen: ReturnType<typeof walk> = []
  const count = ring.walk({
    frame(buf, offset, captured, wire, atMicros, linkType, interfaceId) {
      seen.push({ bytes: [...buf.subarray(offset, offset + captured)], wire, atMicros, linkType, interfaceId })
    },
  })
  assert.equal(count, seen.length)
  return seen
}

test('hands out the frames of finished blocks in order, gives the blocks back and goes on where it was', () => {
  const { ring, view } = makeRing([[{ frame: ETHERNET }, { frame: ETHERNET.subarray(0, 42), wire: 1500 }], [{ frame: ETHERNET.subarray(0, 20) }], []])
  const seen = walk(ring)
  assert.deepEqual(seen.map((f) => [f.bytes.length, f.wire, f.linkType, f.interfaceId]), [[60, 60, 1, 7], [42, 1500, 1, 7], [20, 20, 1, 7]])
  assert.deepEqual(seen[0].bytes, [...ETHERNET])
  assert.equal(seen[0].atMicros, 1_700_000_000_123_456)
  assert.deepEqual([0, 1, 2].map((n) => view.getUint32(n * BLOCK + 8, true)), [0, 0, 0])
  assert.deepEqual(walk(ring), [])
  writeBlock(view, 0, [{ frame: ETHERNET.subarray(0, 30) }])
  assert.deepEqual(walk(ring), [], 'block 2 is next')
  writeBlock(view, 2 * BLOCK, [{ frame: ETHERNET.subarray(0, 31) }])
  assert.deepEqual(walk(ring).map((f) => f.bytes.length), [31, 30])
})

test('the outgoing copy on loopback is left out, on other links it is not', () => {
  const { ring } = makeRing([[
    { frame: ETHERNET, hardwareType: 772, packetType: 4 }, { frame: ETHERNET, hardwareType: 772 }, { frame: ETHERNET, packetType: 4 },
  ]])
  assert.equal(walk(ring).length, 2)
})

test('a tag that the kernel took out is put back', () => {
  const { ring } = makeRing([[
    { frame: ETHERNET, status: 1 | 0x10 | 0x40, vlan: { tci: 0x6005, tpid: 0x88a8 } }, { frame: ETHERNET, status: 1 | 0x10, vlan: { tci: 7, tpid: 0 } },
  ]])
  const [outer, plain] = walk(ring)
  assert.deepEqual(outer.bytes, [...ETHERNET.subarray(0, 12), 0x88, 0xa8, 0x60, 0x05, ...ETHERNET.subarray(12)])
  assert.equal(outer.wire, 64)
  assert.deepEqual(plain.bytes.slice(12, 16), [0x81, 0x00, 0x00, 0x07])
})

test('links that carry IP only begin at the IP header; anything else on them is left out', () => {
  const { ring } = makeRing([[
    { frame: NETWORK, hardwareType: 65534, link: 0 }, { frame: Uint8Array.from([1, 2, 3, 4, ...NETWORK]), hardwareType: 778, link: 4 },
    { frame: NETWORK, hardwareType: 65534, link: 0, protocol: 0x0806 }, { frame: NETWORK, hardwareType: 768, link: 0, protocol: 0x86dd },
  ]])
  assert.deepEqual(walk(ring).map((f) => [f.linkType, f.bytes.length, f.wire, f.bytes[0]]), [[101, 40, 40, 0x45], [101, 40, 40, 0x45], [101, 40, 40, 0x45]])
})

test('unknown links get a cooked header', () => {
  const { ring } = makeRing([[{ frame: Uint8Array.from([9, 9, ...NETWORK]), hardwareType: 32, packetType: 4, link: 2, wire: 1000 }]])
  const [{ linkType, bytes, wire }] = walk(ring)
  assert.equal(linkType, 113)
  assert.deepEqual(bytes, [0, 4, 0, 32, 0, 6, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0, 0, 8, 0, ...NETWORK])
  assert.equal(wire, 1000 - 2 + 16)
})

test('an error of the sink does not keep the block', () => {
  const { ring, view } = makeRing([[{ frame: ETHERNET }], [{ frame: ETHERNET }]])
  assert.throws(() => ring.walk({ frame: () => { throw new Error('sink') } }), /sink/)
  assert.equal(view.getUint32(8, true), 0)
  assert.equal(walk(ring).length, 1)
})
