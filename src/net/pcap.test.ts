import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { Seen, pcapFile } from '../../test/capture-bytes.ts'
import { captureParserFor, parseCapture } from './capture-parser.ts'

const FRAME = Uint8Array.of(1, 2, 3, 4, 5)

for (const little of [true, false]) {
  test(`${little ? 'little' : 'big'} endian, microseconds, nanoseconds and the modified variant`, () => {
    for (const [magic, fraction] of [[0xa1b2c3d4, 123_456], [0xa1b23c4d, 123_456_999], [0xa1b2cd34, 123_456]] as const) {
      const seen = new Seen()
      const bytes = pcapFile([{ seconds: 1_700_000_000, fraction, bytes: FRAME, wire: 1500 }], { magic, little, linkType: 113 })
      assert.deepEqual(parseCapture(bytes, seen), { format: 'pcap', frames: 1, failure: undefined })
      assert.deepEqual(seen.frames, [{ bytes: FRAME, wire: 1500, atMicros: 1_700_000_000_123_456, linkType: 113, interfaceId: 0 }])
      assert.equal(seen.interfaces[0]!.resolution.exponent, magic === 0xa1b23c4d ? 9 : 6)
    }
  })
}

test('the length of the frame check sequence is not part of the link type', () => {
  const seen = new Seen()
  parseCapture(pcapFile([], { linkType: 0x54000001 }), seen)
  assert.equal(seen.interfaces[0]!.linkType, 1)
})

test('a snap length of 0 is no limit', () => {
  const seen = new Seen()
  const large = new Uint8Array(300_000)
  assert.equal(parseCapture(pcapFile([{ seconds: 1, fraction: 0, bytes: large }], { snapLength: 0 }), seen).failure, undefined)
  assert.equal(seen.frames[0]!.bytes.length, large.length)
})

test('lengths that old writers swapped are put right', () => {
  const seen = new Seen()
  const bytes = pcapFile([{ seconds: 1, fraction: 0, bytes: FRAME, captured: 90, wire: 5 }], { version: [2, 2] })
  assert.equal(parseCapture(bytes, seen).failure, undefined)
  assert.deepEqual([seen.frames[0]!.bytes.length, seen.frames[0]!.wire], [5, 90])
})

test('a frame is never shorter on the wire than what was captured of it', () => {
  const seen = new Seen()
  parseCapture(pcapFile([{ seconds: 1, fraction: 0, bytes: FRAME, wire: 2 }]), seen)
  assert.equal(seen.frames[0]!.wire, FRAME.length)
})

test('an absurd length is malformed at once, and what is before it is delivered', () => {
  const seen = new Seen()
  const bytes = pcapFile([
    { seconds: 1, fraction: 0, bytes: FRAME }, { seconds: 2, fraction: 0, bytes: FRAME, captured: 0xfffffff0, wire: 0xfffffff0 },
  ])
  const { failure, frames } = parseCapture(bytes, seen)
  assert.equal(frames, 1)
  assert.deepEqual([failure?.code, failure?.atByte], ['capture-malformed', 24 + 16 + FRAME.length])
  assert.match(failure!.what, /claims 4294967280 captured bytes where at most 262144/)
})

test('wherever it is cut: the whole records before, then the right ending', () => {
  const records = [0, 3, 5, 60].map((length, i) => ({ seconds: i, fraction: i, bytes: new Uint8Array(length).fill(i) }))
  const bytes = pcapFile(records)
  const ends = [24]
  for (const r of records) ends.push(ends.at(-1)! + 16 + r.bytes.length)
  for (let cut = 4; cut <= bytes.length; cut++) {
    const { frames, failure } = parseCapture(bytes.subarray(0, cut), new Seen())
    const whole = ends.filter((e) => e <= cut).length
    assert.equal(frames, Math.max(0, whole - 1))
    if (ends.includes(cut)) assert.equal(failure, undefined)
    else assert.deepEqual([failure?.code, failure?.atByte], ['capture-cut', whole === 0 ? 0 : ends[whole - 1]])
  }
})

test('bytes that come in any pieces give the same', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (frames, steps) => {
    const bytes = pcapFile(frames.map((f, i) => ({ seconds: i, fraction: 1, bytes: f })))
    const seen = new Seen()
    const parser = captureParserFor(bytes.subarray(0, 4), seen)
    assert.ok(parser !== undefined && 'parse' in parser)
    let start = 0
    for (let end = 0, i = 0; end < bytes.length; i++) {
      end = Math.min(bytes.length, end + steps[i % steps.length]!)
      start = parser.parse(bytes, start, end)
    }
    assert.equal(parser.finish(bytes.length - start), undefined)
    assert.deepEqual(seen.frames.map((f) => [...f.bytes]), frames.map((f) => [...f]))
  }), { numRuns: 200 })
})

test('what is no capture is named by its look', () => {
  const look = (text: string | number[]) => parseCapture(typeof text === 'string' ? Buffer.from(text) : Uint8Array.from(text), new Seen()).failure?.what
  assert.equal(look(''), 'is not a capture: it is empty')
  assert.equal(look('hello, world'), 'is not a capture: it looks like text')
  assert.equal(look('CLIENT_RANDOM 00'), 'is not a capture: it looks like a TLS key log')
  assert.equal(look([0x1f, 0x8b, 8, 0]), 'is not a capture: it looks like gzip data')
  assert.equal(look([0, 1, 2, 3]), 'is not a capture: it begins with 00010203')
})
