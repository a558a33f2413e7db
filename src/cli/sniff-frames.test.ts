import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seen, joinBytes } from '../../test/capture-bytes.ts'
import { parseCapture } from '../net/capture-parser.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { FrameBlocks } from '../tap/frame-blocks.ts'
import { SniffFrames } from './sniff-frames.ts'

/** Ethernet, IPv4, TCP without payload. */
function segment(from: string, to: string, fromPort: number, toPort: number): Uint8Array {
  const bytes = new Uint8Array(54)
  bytes.set([8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, ...from.split('.').map(Number), ...to.split('.').map(Number)], 12)
  const view = new DataView(bytes.buffer)
  view.setUint16(34, fromPort)
  view.setUint16(36, toPort)
  bytes[46] = 0x50
  return bytes
}

function read(...parts: Uint8Array[]): { seen: Seen, bytes: Uint8Array } {
  const seen = new Seen()
  const bytes = joinBytes(new PcapngWriter().header(), ...parts)
  assert.equal(parseCapture(bytes, seen).failure, undefined)
  return { seen, bytes }
}

test('interfaces of several threads become one set, and the frames stay as they were', () => {
  const frames = new SniffFrames({ procfs: '/nowhere', sources: [], comments: true })
  const threads = [new FrameBlocks(), new FrameBlocks()]
  const bytes = [segment('10.0.0.1', '10.0.0.2', 40_000, 80), Uint8Array.of(1, 2, 3)]
  const out: Uint8Array[] = []
  for (const [origin, label, which] of [[0, 'web/eth0', 0], [1, 'web/lo', 1], [1, 'web/eth0', 1], [0, 'web/lo', 0]] as const) {
    threads[origin]!.frame(label === 'web/lo' ? 2 : 1, label, bytes[which]!, 0, bytes[which]!.length, 99, 1_000_000 + which, 1)
    out.push(frames.blocks(origin, threads[origin]!.take()))
  }
  const { seen } = read(...out)
  assert.deepEqual(seen.interfaces.map((i) => i.name), ['web/eth0', 'web/lo'])
  assert.deepEqual(seen.frames.map((f) => f.interfaceId), [0, 1, 0, 1])
  assert.deepEqual(seen.frames.map((f) => [...f.bytes]), [bytes[0]!, bytes[1]!, bytes[1]!, bytes[0]!].map((b) => [...b]))
  assert.deepEqual(seen.frames.map((f) => [f.wire, f.atMicros]), [[99, 1_000_000], [99, 1_000_001], [99, 1_000_001], [99, 1_000_000]])
})

test('the own namespace has a name, its loopback is its own, and what nobody knows has no comment', () => {
  const source = { path: '', name: '', capture: 'pcap', interfaces: ['any'] } as const
  for (const comments of [true, false]) {
    const frames = new SniffFrames({ procfs: '/proc', sources: [{ ...source, interfaces: ['any'] }], comments })
    const blocks = new FrameBlocks()
    for (const frame of [segment('127.0.0.1', '127.0.0.1', 40_000, 80), segment('203.0.113.1', '203.0.113.2', 40_000, 80)]) {
      blocks.frame(1, 'lo', frame, 0, frame.length, frame.length, 1, 1)
    }
    const { seen, bytes } = read(frames.blocks(0, blocks.take()))
    assert.match(seen.interfaces[0]!.description!, /^workload /)
    const name = seen.interfaces[0]!.description!.split(' · ')[0]!.slice('workload '.length)
    assert.equal(seen.frames.length, 2)
    assert.equal(Buffer.from(bytes).includes(`${name} → ${name}:80`), comments)
    assert.ok(!Buffer.from(bytes).includes('203.0.113.1 →'))
  }
})
