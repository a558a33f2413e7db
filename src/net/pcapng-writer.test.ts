import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { Seen, joinBytes } from '../../test/capture-bytes.ts'
import { parseCapture } from './capture-parser.ts'
import { PcapngWriter, commentOptions } from './pcapng-writer.ts'

const writtenFrame = fc.record({
  interfaceId: fc.integer({ min: 0, max: 1 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
  cut: fc.integer({ min: 0, max: 1000 }),
  atMicros: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  comment: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
})

test('what is written reads back the same', () => {
  fc.assert(fc.property(fc.array(writtenFrame, { maxLength: 30 }), fc.integer({ min: 0, max: 9 }), (frames, shift) => {
    const writer = new PcapngWriter('mtlscope 1.2.3')
    const parts = [writer.header()]
    assert.equal(writer.addInterface({ linkType: 1, name: 'netns é', description: 'two' }).id, 0)
    assert.equal(writer.addInterface({ linkType: 113, snapLengthBytes: 96 }).id, 1)
    for (const f of frames) {
      const buf = joinBytes(new Uint8Array(shift), f.bytes, new Uint8Array(3))
      writer.frame(f.interfaceId, buf, shift, f.bytes.length, f.bytes.length + f.cut, f.atMicros, f.comment)
      if (f.cut % 5 === 0) parts.push(writer.take())
    }
    parts.push(writer.take())
    const seen = new Seen()
    assert.equal(parseCapture(joinBytes(...parts), seen).failure, undefined)
    assert.equal(seen.sections[0]!.userApplication, 'mtlscope 1.2.3')
    assert.deepEqual(seen.interfaces.map((i) => [i.linkType, i.name, i.description, i.snapLengthBytes]), [[1, 'netns é', 'two', 0], [113, undefined, undefined, 96]])
    assert.deepEqual(
      seen.frames.map((f) => [f.interfaceId, [...f.bytes], f.wire, f.atMicros]),
      frames.map((f) => [f.interfaceId, [...f.bytes], f.bytes.length + f.cut, f.atMicros]),
    )
  }), { numRuns: 200 })
})

test('padding never shows what the buffer held before', () => {
  const writer = new PcapngWriter()
  writer.frame(0, new Uint8Array(64).fill(0xee), 0, 64, 64, 1)
  writer.take()
  writer.frame(0, Uint8Array.of(1), 0, 1, 1, 1)
  assert.deepEqual([...writer.take().subarray(28, 32)], [1, 0, 0, 0])
})

test('taken bytes belong to the taker', () => {
  const writer = new PcapngWriter()
  writer.frame(0, Uint8Array.of(1, 2, 3, 4), 0, 4, 4, 1)
  const first = writer.take()
  const copy = first.slice()
  assert.equal(first.buffer.byteLength, first.length)
  assert.equal(writer.pendingBytes, 0)
  writer.frame(0, Uint8Array.of(9, 9, 9, 9), 0, 4, 4, 2)
  assert.deepEqual(first, copy)
})

test('secrets and frames larger than the first buffer', () => {
  const writer = new PcapngWriter()
  const secrets = Buffer.from('CLIENT_RANDOM 1 2\n'.repeat(10_000))
  writer.addInterface({ linkType: 1 })
  writer.secrets(0x544c534b, secrets)
  writer.frame(0, new Uint8Array(5_000_000).fill(7), 0, 5_000_000, 5_000_000, 1)
  const seen = new Seen()
  assert.equal(parseCapture(joinBytes(writer.header(), writer.take()), seen).failure, undefined)
  assert.deepEqual(Buffer.from(seen.kept[0]!.bytes), secrets)
  assert.equal(seen.frames[0]!.bytes.length, 5_000_000)
  assert.equal(writer.take().length, 0)
})

test('a comment that many frames share is written like any other', () => {
  const [one, other] = [new PcapngWriter(), new PcapngWriter()]
  one.frame(0, Uint8Array.of(1, 2, 3), 0, 3, 3, 5, 'web → cart')
  other.frame(0, Uint8Array.of(1, 2, 3), 0, 3, 3, 5, commentOptions('web → cart'))
  assert.deepEqual(one.take(), other.take())
})

test('names of addresses read back; what is no address, or too long, is left out', () => {
  const writer = new PcapngWriter()
  const parts = [writer.header()]
  writer.names([
    { ip: '10.0.0.7', names: ['web', 'web.shop'] }, { ip: 'nonsense', names: ['x'] }, { ip: '10.0.0.8', names: ['y'.repeat(70_000)] },
    { ip: 'fd99::2', names: ['cart\0\0é'] },
  ])
  parts.push(writer.take())
  const seen = new Seen()
  assert.equal(parseCapture(joinBytes(...parts), seen).failure, undefined)
  assert.deepEqual([...seen.names], [['10.0.0.7', ['web', 'web.shop']], ['fd99::2', ['carté']]])
})
