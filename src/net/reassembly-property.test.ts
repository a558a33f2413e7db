import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { TcpRecorder } from '../../test/tcp-recorder.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { FIN, SYN } from './packet.ts'
import { ReassemblyBudget } from './reassembly.ts'

const ISN = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0xffffff00, max: 0xffffffff }), fc.integer({ min: 0x7fffff00, max: 0x80000000 }))
const RUNS = { numRuns: 300 }

interface Range { from: number, to: number }

/** Printable, so that differences can be read; long periods, so that misplacement shows. */
function streamOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 97 + (i * i + i) % 26)
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

/** Ranges that cover [0, length) at least once, with overlaps and repetitions, in any order. */
function coverOf(length: number): fc.Arbitrary<Range[]> {
  const cuts = fc.array(fc.integer({ min: 0, max: length }), { maxLength: 25 }).map((list) => [...new Set([0, ...list, length])].sort((a, b) => a - b))
  const extra = fc.array(fc.tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 1, max: 60 })), { maxLength: 15 })
  return fc.tuple(cuts, extra).chain(([edges, more]) => {
    const ranges = edges.slice(1).map((to, i) => ({ from: edges[i]!, to }))
    for (const [from, size] of more) ranges.push({ from, to: Math.min(length, from + size) })
    return fc.shuffledSubarray(ranges, { minLength: ranges.length, maxLength: ranges.length })
  })
}

test('any cut, order, repetition and overlap gives the stream back exactly', () => {
  const input = fc.integer({ min: 1, max: 400 }).chain((length) => fc.tuple(fc.constant(streamOf(length)), coverOf(length)))
  fc.assert(fc.property(ISN, input, fc.boolean(), (isn, [stream, ranges], hasFin) => {
    const r = new TcpRecorder().client({ seq: isn, flags: SYN })
    for (const { from, to } of ranges) {
      const isLast = hasFin && to === stream.length
      r.client({ seq: isn + 1 + from, data: stream.subarray(from, to), flags: isLast ? FIN : 0 })
    }
    assert.equal(r.out[0], latin1(stream) + (hasFin ? '.' : ''))
    assert.equal(r.budget.heldBytes, 0)
    assert.deepEqual(Object.values(r.budget.counters).filter(Boolean), [])
  }), RUNS)
})

test('both directions with acknowledgements for what has arrived, directions mixed at will', () => {
  fc.assert(fc.property(ISN, ISN, fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 40 }), fc.infiniteStream(fc.nat(5)), (c, s, turns, shift) => {
    const streams = [streamOf(2000), streamOf(2000)]
    const at = [0, 0]
    const isn = [c, s]
    // each direction in its own order; a server's packet may be captured up to five places before or after where it belongs
    const packets = turns.map(([isClient, size], i) => {
      const side: Side = isClient ? CLIENT : SERVER
      const other = isClient ? SERVER : CLIENT
      const from = at[side]!
      at[side] = from + size
      const data = streams[side]!.subarray(from, from + size)
      return { side, place: isClient ? i : -1, i, o: { seq: isn[side]! + 1 + from, ack: isn[other]! + 1 + at[other]!, data } }
    })
    let least = -Infinity
    for (const packet of packets) {
      if (packet.side === CLIENT) continue
      least = packet.place = Math.max(least, packet.i + shift.next().value! - 2.5)
    }
    const r = new TcpRecorder().client({ seq: c, flags: SYN }).server({ seq: s, ack: c + 1, flags: SYN })
    for (const { side, o } of packets.toSorted((a, b) => a.place - b.place || a.i - b.i)) r.send(side, o)
    r.close()
    assert.deepEqual(r.out, [`${latin1(streams[0]!.subarray(0, at[0]))}.`, `${latin1(streams[1]!.subarray(0, at[1]))}.`])
    assert.equal(r.budget.counters.gaps, 0)
  }), RUNS)
})

test('a segment that was not captured gives a gap of exactly its size in its place', () => {
  const input = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 20 })
  fc.assert(fc.property(ISN, input, fc.nat(), fc.boolean(), (isn, sizes, pick, acknowledged) => {
    const stream = streamOf(sizes.reduce((sum, size) => sum + size, 0))
    const dropped = pick % sizes.length
    const r = new TcpRecorder().client({ seq: isn, flags: SYN }).server({ seq: 1, ack: isn + 1, flags: SYN })
    let at = 0
    let expected = ''
    let mustBeThere = false
    for (const [i, size] of sizes.entries()) {
      const data = stream.subarray(at, at + size)
      if (i !== dropped) r.client({ seq: isn + 1 + at, ack: 2, data })
      expected += i === dropped ? `<${size}>` : latin1(data)
      at += size
      mustBeThere = acknowledged && i > dropped
      if (acknowledged) r.server({ seq: 2, ack: isn + 1 + at })
    }
    if (mustBeThere) assert.equal(r.out[0], expected)
    r.client({ seq: isn + 1 + at, ack: 2, flags: FIN }).close()
    assert.equal(r.out[0], `${expected}.`)
    assert.deepEqual([r.budget.counters.gaps, r.budget.counters.bytesLost], [1, sizes[dropped]])
  }), RUNS)
})

test('whatever the segments are: bounded memory, each side ends once, no byte twice', () => {
  const side = fc.constantFrom<0 | 1>(CLIENT, SERVER)
  const near = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffffffff }))
  const hostile = fc.record({ side, seq: near, ack: near, flags: fc.nat(63), length: fc.nat(40), missing: fc.constantFrom(0, 0, 0, 5, 70_000) })
  fc.assert(fc.property(fc.array(hostile, { maxLength: 120 }), (segments) => {
    const budget = new ReassemblyBudget({ totalBytes: 8_000, streamBytes: 5_000, streamSegments: 12 })
    const r = new TcpRecorder(budget)
    for (const { side: from, seq, ack, flags, length, missing } of segments) {
      r.send(from, { seq, ack, flags, data: new Uint8Array(length).fill(120), missing })
      assert.ok(budget.heldBytes >= 0 && budget.heldBytes <= 8_000)
    }
    r.close()
    assert.equal(budget.heldBytes, 0)
    assert.equal(budget.oldest, undefined)
    for (const from of [CLIENT, SERVER]) {
      assert.equal(r.log.filter((line) => line.endsWith(`end ${from}`)).length, 1)
      const sent = segments.reduce((sum, s) => sum + (s.side === from ? s.length : 0), 0)
      const delivered = r.log.reduce((sum, line) => sum + Number(line.split(` data ${from} `)[1] ?? 0), 0)
      assert.ok(delivered <= sent)
    }
  }), { numRuns: 500 })
})
