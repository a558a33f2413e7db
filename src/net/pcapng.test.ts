import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { PcapngBlocks, Seen, joinBytes } from '../../test/capture-bytes.ts'
import { parseCapture } from './capture-parser.ts'

const FRAME = Uint8Array.of(1, 2, 3, 4, 5)

function read(...parts: Uint8Array[]): Seen & { failure: ReturnType<typeof parseCapture>['failure'] } {
  const seen = new Seen()
  const { failure } = parseCapture(joinBytes(...parts), seen)
  return Object.assign(seen, { failure })
}

test('sections switch the byte order, and interfaces count on', () => {
  const big = new PcapngBlocks(false)
  const little = new PcapngBlocks(true)
  const seen = read(
    big.section(), big.interface(1), big.interface(113), big.packet(1, 0, 7, FRAME),
    little.section(), little.interface(101), little.packet(0, 0, 9, FRAME, { wire: 70 }),
  )
  assert.equal(seen.failure, undefined)
  assert.deepEqual(seen.interfaces.map((i) => [i.id, i.section, i.linkType]), [[0, 0, 1], [1, 0, 113], [2, 1, 101]])
  assert.deepEqual(seen.frames.map((f) => [f.interfaceId, f.linkType, f.atMicros, f.wire]), [[1, 113, 7, 5], [2, 101, 9, 70]])
})

test('an interface has its name, filter, snap length, resolution and offset', () => {
  const b = new PcapngBlocks(false)
  const options = joinBytes(
    b.option(2, 'eth0\0'), b.option(3, 'the uplink'), b.option(11, '\0tcp port 80'), b.option(9, Uint8Array.of(9)),
    b.option(14, b.words(0, 100)), b.option(0, ''),
  )
  const seen = read(b.section(), b.interface(1, 96, options), b.packet(0, 0, 5_999, FRAME))
  assert.deepEqual(seen.interfaces[0], {
    id: 0, section: 0, linkType: 1, snapLengthBytes: 96, resolution: { base: 10, exponent: 9 },
    name: 'eth0', description: 'the uplink', filter: 'tcp port 80',
  })
  assert.equal(seen.frames[0]!.atMicros, 100_000_005)
})

test('a resolution that is a power of two', () => {
  const b = new PcapngBlocks()
  const seen = read(b.section(), b.interface(1, 0, b.option(9, Uint8Array.of(0x80 | 10))), b.packet(0, 0, 1536, FRAME))
  assert.equal(seen.frames[0]!.atMicros, 1_500_000)
})

test('a section says who wrote it; broken UTF-8 and long texts do no harm', () => {
  const b = new PcapngBlocks()
  const broken = Uint8Array.of(0x61, 0xff, 0x62)
  const seen = read(b.section(joinBytes(b.option(4, 'mtlscope'), b.option(3, broken), b.option(2, 'x'.repeat(5000)))))
  assert.equal(seen.sections[0]!.userApplication, 'mtlscope')
  assert.equal(seen.sections[0]!.os, 'a\ufffdb')
  assert.equal(seen.sections[0]!.hardware, `${'x'.repeat(1024)}…`)
})

test('simple packets get the time before them and the snap length of interface 0', () => {
  const b = new PcapngBlocks()
  const simple = (wire: number, bytes: Uint8Array) => b.block(3, joinBytes(b.words(wire), bytes))
  const seen = read(b.section(), b.interface(1, 4), simple(9, FRAME.subarray(0, 4)), b.packet(0, 0, 77, FRAME), simple(3, FRAME.subarray(0, 3)))
  assert.deepEqual(seen.frames.map((f) => [f.bytes.length, f.wire, f.atMicros]), [[4, 9, 0], [5, 5, 77], [3, 3, 77]])
})

test('the obsolete packet block', () => {
  const b = new PcapngBlocks(false)
  const old = b.block(2, joinBytes(b.halves(0, 3), b.words(0, 12, FRAME.length, 60), FRAME))
  const seen = read(b.section(), b.interface(), old)
  assert.deepEqual(seen.frames.map((f) => [[...f.bytes], f.wire, f.atMicros]), [[[...FRAME], 60, 12]])
})

test('name resolution blocks of both address families', () => {
  const b = new PcapngBlocks()
  const v6 = new Uint8Array(16)
  v6.set([0xfd, 0, 0, 0], 0)
  v6[15] = 9
  const records = joinBytes(
    b.option(1, joinBytes(Uint8Array.of(10, 0, 0, 7), Buffer.from('cart\0cart.shop\0'))),
    b.option(2, joinBytes(v6, Buffer.from('web\0'))), b.option(77, 'unknown'), b.option(0, ''),
  )
  const seen = read(b.section(), b.block(4, records))
  assert.deepEqual([...seen.names], [['10.0.0.7', ['cart', 'cart.shop']], ['fd00::9', ['web']]])
})

test('decryption secrets are handed over as a copy', () => {
  const b = new PcapngBlocks()
  const log = Buffer.from('CLIENT_RANDOM 1 2\n')
  const seen = read(b.section(), b.block(10, joinBytes(b.words(0x544c534b, log.length), log)))
  assert.deepEqual(seen.kept.map((k) => [k.type, Buffer.from(k.bytes).toString()]), [[0x544c534b, 'CLIENT_RANDOM 1 2\n']])
})

test('statistics, custom and unknown blocks are passed over', () => {
  const b = new PcapngBlocks()
  const others = [5, 9, 0xbad, 0x40000bad, 0x7fffffff].map((type) => b.block(type, FRAME))
  const seen = read(b.section(), b.interface(), ...others, b.packet(0, 0, 1, FRAME))
  assert.deepEqual([seen.failure, seen.frames.length], [undefined, 1])
})

test('what breaks the format is named, at the offset of its block', () => {
  const b = new PcapngBlocks()
  const start = joinBytes(b.section(), b.interface(), b.packet(0, 0, 1, FRAME))
  const cases: [Uint8Array, RegExp][] = [
    [b.block(6, FRAME, { first: 13 }), /block of 13 bytes, which is not a multiple of 4/],
    [b.block(6, FRAME, { first: 8 }), /claims 8 bytes where at least 12 must be/],
    [b.block(6, FRAME, { first: 0xfffffffc }), /claims 4294967292 bytes where at most/],
    [b.block(5, FRAME, { last: 24 }), /block of 20 bytes whose closing length is 24/],
    [b.packet(0, 0, 1, FRAME, { captured: 9 }), /claims 9 captured bytes/],
    [b.packet(3, 0, 1, FRAME), /packet of interface 3, which section 0 does not describe/],
    [b.packet(0xffffffff, 0, 1, FRAME), /packet of interface 4294967295/],
    [b.block(6, b.words(0)), /packet block of only 16 bytes/],
    [b.block(2, b.words()), /packet block of only 12 bytes/],
    [b.block(3, b.words(100)), /simple packet block of 16 bytes that claims 100/],
    [b.block(1, b.words(1)), /interface description that is longer than its block/],
    [b.interface(1, 0, b.halves(2, 500)), /interface description that is longer than its block/],
    [b.block(10, b.words(1, 500)), /secrets that are longer than their block/],
    [b.section(b.halves(4, 500)), /section header with an option/],
    [b.section(undefined, 2), /pcapng version 2\.0/],
    [b.block(0x0a0d0d0a, b.words(1, 2, 3, 4)), /without the byte-order magic/],
  ]
  for (const [bad, what] of cases) {
    const seen = read(start, bad, b.packet(0, 0, 2, FRAME))
    assert.match(seen.failure?.what ?? '', what)
    assert.deepEqual([seen.failure?.code, seen.failure?.atByte, seen.frames.length], ['capture-malformed', start.length, 1])
  }
})

test('wherever it is cut: the whole blocks before, then the right ending', () => {
  const b = new PcapngBlocks()
  const blocks = [b.section(), b.interface(), b.packet(0, 0, 1, FRAME), b.block(5, FRAME), b.packet(0, 0, 2, new Uint8Array(0)), b.packet(0, 0, 3, FRAME)]
  const bytes = joinBytes(...blocks)
  const ends: number[] = []
  for (const block of blocks) ends.push((ends.at(-1) ?? 0) + block.length)
  for (let cut = 4; cut <= bytes.length; cut++) {
    const { frames, failure } = parseCapture(bytes.subarray(0, cut), new Seen())
    const before = ends.filter((e) => e <= cut)
    assert.equal(frames, [2, 4, 5].filter((i) => ends[i]! <= cut).length)
    if (before.at(-1) === cut) assert.equal(failure, undefined)
    else assert.deepEqual([failure?.code, failure?.atByte], ['capture-cut', before.at(-1) ?? 0])
  }
})

test('no mutation makes it throw, and every frame lies inside the file', () => {
  const b = new PcapngBlocks()
  const names = b.block(4, joinBytes(b.option(1, joinBytes(Uint8Array.of(10, 0, 0, 7), Buffer.from('cart\0'))), b.option(0, '')))
  const whole = joinBytes(
    b.section(b.option(4, 'x')), b.interface(1, 60, b.option(9, Uint8Array.of(9))), b.packet(0, 1, 1, FRAME), names,
    b.block(10, joinBytes(b.words(1, 4), b.words(5))), b.block(3, joinBytes(b.words(4), b.words(9))), b.packet(0, 1, 2, FRAME),
  )
  const change = fc.record({ at: fc.integer({ min: 4, max: whole.length - 1 }), value: fc.integer({ min: 0, max: 255 }) })
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
    const bytes = whole.slice()
    for (const { at, value } of changes) bytes[at] = value
    const sink = {
      interface: () => {}, secrets: () => {}, name: () => {}, section: () => {},
      frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: number) {
        assert.ok(offset >= 0 && captured >= 0 && offset + captured <= buf.length && wire >= captured)
        assert.ok(Number.isSafeInteger(atMicros) && atMicros >= 0)
      },
    }
    const { failure } = parseCapture(bytes, sink)
    if (failure !== undefined) assert.ok(failure.atByte >= 0 && failure.atByte < bytes.length)
  }), { numRuns: 3000 })
})
