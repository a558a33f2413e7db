import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { CLIENT, SERVER } from '../model/side.ts'
import { formatAddress, parseAddress } from './address.ts'
import { FlowNode, FlowTable } from './flow-table.ts'
import { Packet } from './packet.ts'

interface Ends { src: string, srcPort: number, dst: string, dstPort: number }

function packetOf({ src, srcPort, dst, dstPort }: Ends): Packet {
  const packet = new Packet()
  const from = parseAddress(src)!
  const to = parseAddress(dst)!
  packet.version = from.version
  ;[packet.src0, packet.src1, packet.src2, packet.src3] = from.words
  ;[packet.dst0, packet.dst1, packet.dst2, packet.dst3] = to.words
  packet.srcPort = srcPort
  packet.dstPort = dstPort
  return packet
}

function reverse({ src, srcPort, dst, dstPort }: Ends): Ends {
  return { src: dst, srcPort: dstPort, dst: src, dstPort: srcPort }
}

const V4: Ends = { src: '203.0.113.9', srcPort: 40000, dst: '10.0.0.1', dstPort: 80 }
const V6: Ends = { src: 'fd00::9', srcPort: 40000, dst: 'fd00::1', dstPort: 80 }

test('finds both directions and says who sent the packet', () => {
  for (const ends of [V4, V6]) {
    for (const sender of [CLIENT, SERVER] as const) {
      const table = new FlowTable<FlowNode>()
      const node = new FlowNode()
      table.add(node, packetOf(ends), 6, 0, sender)
      assert.equal(table.find(packetOf(ends), 6, 0), node)
      assert.equal(table.side, sender)
      assert.equal(table.find(packetOf(reverse(ends)), 6, 0), node)
      assert.equal(table.side, 1 - sender)
      const client = sender === CLIENT ? ends : reverse(ends)
      const version = node.version
      assert.equal(formatAddress(version, node.c0, node.c1, node.c2, node.c3), client.src)
      assert.equal(formatAddress(version, node.s0, node.s1, node.s2, node.s3), client.dst)
      assert.deepEqual([node.clientPort, node.serverPort], [client.srcPort, client.dstPort])
    }
  }
})

test('scope, transport, version, ports and addresses keep flows apart', () => {
  const table = new FlowTable<FlowNode>()
  table.add(new FlowNode(), packetOf(V4), 6, 0, CLIENT)
  assert.equal(table.find(packetOf(V4), 6, 1), undefined)
  assert.equal(table.find(packetOf(V4), 17, 0), undefined)
  assert.equal(table.find(packetOf({ ...V4, srcPort: 40001 }), 6, 0), undefined)
  assert.equal(table.find(packetOf({ ...V4, dst: '10.0.0.2' }), 6, 0), undefined)
  // ports swapped without the addresses
  assert.equal(table.find(packetOf({ ...V4, srcPort: 80, dstPort: 40000 }), 6, 0), undefined)
  assert.equal(table.find(packetOf({ ...V4, src: '::203.0.113.9', dst: '::10.0.0.1' }), 6, 0), undefined)
})

test('agrees with a map under any sequence of operations, also when it grows', () => {
  const operation = fc.record({ kind: fc.constantFrom('add', 'add', 'add', 'remove', 'touch'), host: fc.nat(40), port: fc.nat(60), flip: fc.boolean() })
  fc.assert(fc.property(fc.array(operation, { minLength: 50, maxLength: 400 }), (operations) => {
    const table = new FlowTable<FlowNode>(1)
    const model = new Map<string, FlowNode>()
    for (const { kind, host, port, flip } of operations) {
      const ends: Ends = { ...V4, src: `10.0.1.${host}`, srcPort: port + 1000 }
      const packet = packetOf(flip ? reverse(ends) : ends)
      const key = `${host}:${port}`
      const known = model.get(key)
      assert.equal(table.find(packet, 6, 0), known)
      if (known !== undefined) assert.equal(table.side, flip ? SERVER : CLIENT)
      if (kind === 'add' && known === undefined) {
        const node = new FlowNode()
        table.add(node, packet, 6, 0, flip ? SERVER : CLIENT)
        model.set(key, node)
      } else if (kind === 'remove' && known !== undefined) {
        table.remove(known)
        model.delete(key)
      } else if (kind === 'touch' && known !== undefined) {
        table.touch(known, 5)
        model.delete(key)
        model.set(key, known)
      }
      assert.equal(table.size, model.size)
      assert.equal(table.oldest(), model.values().next().value)
    }
    assert.deepEqual([...table], [...model.values()])
  }), { numRuns: 50 })
})

test('grows to many flows and empties again while it is walked', () => {
  const table = new FlowTable<FlowNode>()
  for (let i = 0; i < 5000; i++) table.add(new FlowNode(), packetOf({ ...V4, src: `10.1.${i >> 8}.${i & 255}` }), 6, 0, CLIENT)
  assert.equal(table.size, 5000)
  for (let i = 0; i < 5000; i++) assert.ok(table.find(packetOf({ ...V4, src: `10.1.${i >> 8}.${i & 255}` }), 6, 0))
  for (const node of table) table.remove(node)
  assert.equal(table.size, 0)
  assert.equal(table.oldest(), undefined)
})

test('removing twice and touching what is gone do no harm', () => {
  const table = new FlowTable<FlowNode>()
  const node = new FlowNode()
  table.add(node, packetOf(V4), 6, 0, CLIENT)
  table.remove(node)
  table.remove(node)
  table.touch(node, 1)
  assert.deepEqual([table.size, table.oldest(), table.find(packetOf(V4), 6, 0)], [0, undefined, undefined])
  table.add(node, packetOf(V4), 6, 0, CLIENT)
  assert.equal(table.find(packetOf(V4), 6, 0), node)
})
