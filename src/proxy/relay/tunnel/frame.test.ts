import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { FRAME, FrameReader, HEADER_BYTES, MAX_DATA_BYTES, MAX_NUMBER, writeFrame, writeHeader } from './frame.ts'

/** `data` of one frame may come in pieces: they are put together. */
interface Seen { readonly type: number, readonly stream: number, readonly value: number, readonly data?: string }

/** What a reader makes of the bytes, given in pieces; undefined behind what is no frame. */
function readAll(bytes: Uint8Array, cuts: readonly number[] = []): { seen: Seen[], isSound: boolean, isBetweenFrames: boolean } {
  const reader = new FrameReader()
  const seen: Seen[] = []
  let memory = bytes
  const sink = {
    frame: (type: number, stream: number, value: number) => {
      seen.push({ type, stream, value })
      return true
    },
    data: (stream: number, at: number, length: number) => {
      assert.ok(length > 0 && at + length <= memory.length)
      const data = Buffer.from(memory.buffer, memory.byteOffset + at, length).toString('latin1')
      const last = seen.at(-1)
      if (last?.type === FRAME.data && last.stream === stream) seen[seen.length - 1] = { ...last, data: last.data! + data }
      else seen.push({ type: FRAME.data, stream, value: 0, data })
      return true
    },
  }
  let at = 0
  let isSound = true
  for (const cut of [...cuts, bytes.length]) {
    const next = Math.max(at, Math.min(cut, bytes.length))
    memory = Uint8Array.from(bytes.subarray(at, next))
    isSound &&= reader.read(new DataView(memory.buffer), memory.length, sink)
    at = next
  }
  return { seen, isSound, isBetweenFrames: reader.isBetweenFrames }
}

function write({ type, stream, value, data = '' }: Seen): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + Math.max(4, data.length))
  const view = new DataView(bytes.buffer)
  if (type !== FRAME.data) return bytes.subarray(0, writeFrame(view, 0, type, stream, value))
  writeHeader(view, 0, type, stream, data.length)
  bytes.set(Buffer.from(data, 'latin1'), HEADER_BYTES)
  return bytes.subarray(0, HEADER_BYTES + data.length)
}

const STREAM = fc.integer({ min: 1, max: MAX_NUMBER })
const FRAMES = fc.array(fc.oneof(
  fc.record({ type: fc.constant(FRAME.open), stream: STREAM, value: fc.integer({ min: 0, max: 65_535 }) }),
  fc.record({ type: fc.constant(FRAME.data), stream: STREAM, value: fc.constant(0), data: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }) }),
  fc.record({ type: fc.constantFrom(FRAME.fin), stream: STREAM, value: fc.constant(0) }),
  fc.record({ type: fc.constant(FRAME.reset), stream: STREAM, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ type: fc.constant(FRAME.credit), stream: STREAM, value: fc.integer({ min: 1, max: MAX_NUMBER }) }),
  fc.record({ type: fc.constantFrom(FRAME.goaway, FRAME.ping, FRAME.pong), stream: fc.constant(0), value: fc.constant(0) }),
), { maxLength: 12 }) as fc.Arbitrary<Seen[]>
const CUTS = fc.array(fc.nat({ max: 300 }), { maxLength: 20 }).map((cuts) => cuts.toSorted((a, b) => a - b))

/** Data of one stream behind data of the same is one to the reader above. */
function merged(frames: readonly Seen[]): Seen[] {
  const result: Seen[] = []
  for (const frame of frames) {
    const last = result.at(-1)
    if (frame.type === FRAME.data && last?.type === FRAME.data && last.stream === frame.stream) result[result.length - 1] = { ...last, data: last.data! + frame.data! }
    else result.push({ ...frame })
  }
  return result
}

test('what is written is read, wherever the bytes are cut', () => {
  fc.assert(fc.property(FRAMES, CUTS, (frames, cuts) => {
    const bytes = Buffer.concat(frames.map(write))
    assert.deepEqual(readAll(bytes, cuts), { seen: merged(frames), isSound: true, isBetweenFrames: true })
  }))
})

test('one byte at a time is the same', () => {
  fc.assert(fc.property(FRAMES, (frames) => {
    const bytes = Buffer.concat(frames.map(write))
    assert.deepEqual(readAll(bytes, [...bytes.keys()]).seen, merged(frames))
  }), { numRuns: 30 })
})

test('whatever comes, nothing is thrown, and the cuts change nothing', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), CUTS, (bytes, cuts) => {
    assert.deepEqual(readAll(bytes, cuts), readAll(bytes))
  }))
})

test('frames of which one byte is another are read or refused, and never more data than there is', () => {
  fc.assert(fc.property(FRAMES.filter((frames) => frames.length > 0), fc.nat(), fc.nat({ max: 255 }), CUTS, (frames, where, byte, cuts) => {
    const bytes = Buffer.concat(frames.map(write))
    bytes[where % bytes.length] = byte
    const { seen } = readAll(bytes, cuts)
    assert.ok(seen.reduce((sum, { data = '' }) => sum + data.length, 0) <= bytes.length)
    assert.deepEqual(readAll(bytes).seen, seen)
  }))
})

const header = (stream: number, type: number, length: number, payload: readonly number[] = []): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  writeHeader(new DataView(bytes.buffer), 0, type, stream, length)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

for (const [what, bytes] of [
  ['type 0', header(1, 0, 0)],
  ['a type that there is none', header(1, 9, 0)],
  ['a type beyond all', header(1, 255, 0)],
  ['a stream above 31 bits', header(0x8000_0000, FRAME.fin, 0)],
  ['stream 0 that ends', header(0, FRAME.fin, 0)],
  ['a stream that goes away', header(1, FRAME.goaway, 0)],
  ['no data', header(1, FRAME.data, 0)],
  ['too much data', header(1, FRAME.data, MAX_DATA_BYTES + 1)],
  ['an end with a payload', header(1, FRAME.fin, 1, [0])],
  ['credit of two bytes', header(1, FRAME.credit, 2, [0, 1])],
  ['credit of nothing', header(1, FRAME.credit, 4, [0, 0, 0, 0])],
  ['credit above 31 bits', header(1, FRAME.credit, 4, [0x80, 0, 0, 0])],
  ['a stream that opens without a port', header(1, FRAME.open, 0)],
] as const) {
  test(`${what} is no frame`, () => {
    for (const more of [0, 16]) {
      const { seen, isSound } = readAll(Buffer.concat([bytes, Buffer.alloc(more)]), [3])
      assert.deepEqual([seen, isSound], [[], false])
    }
  })
}

test('a reader stops where it is told to', () => {
  const bytes = Buffer.concat([header(1, FRAME.fin, 0), header(3, FRAME.data, 4, [1, 2, 3, 4]), header(5, FRAME.fin, 0)])
  for (const stopAt of [0, 1, 2]) {
    let count = 0
    const once = (): boolean => count++ < stopAt
    assert.equal(new FrameReader().read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length, { frame: once, data: once }), true)
    assert.equal(count, stopAt + 1)
  }
})
