import test from 'node:test'
import assert from 'node:assert/strict'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { Listener, cutSteps, listen } from '../contract.fixture.ts'
import { bytesOf, data, frame, get, goaway, headers, preface, rst, settings, status, windowUpdate } from './frames.fixture.ts'
import { http2 } from './http2.ts'
import { SAMPLES } from './samples.fixture.ts'

const id = fc.integer({ min: 0, max: 9 })
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })

/** Frames that are right, nearly right, and wrong, in no order. */
const piece = fc.oneof(
  id.map((stream) => headers(stream, get('/a'), stream % 3 === 0)), id.map((stream) => headers(stream, status(200), stream % 4 === 0)),
  id.map((stream) => headers(stream, [['grpc-status', '0']], true)), id.map((stream) => data(stream, 'hello', stream % 2 === 0)),
  id.map((stream) => rst(stream, stream)), id.map((stream) => windowUpdate(stream, stream)), id.map((stream) => goaway(stream, stream)),
  fc.record({ type: fc.integer({ min: 0, max: 12 }), flags: fc.integer({ min: 0, max: 255 }), stream: id, payload: fc.uint8Array({ maxLength: 20 }) })
    .map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload)),
  fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.constant(settings()),
)
const soup = fc.array(fc.record({ side: fc.constantFrom(CLIENT, SERVER), pieces: fc.array(piece, { minLength: 1, maxLength: 8 }) }), { maxLength: 8 })
  .map((parts) => parts.map(({ side, pieces }): Step => ({ side, bytes: bytesOf(...pieces), at: 7 })))

function assertExplained(messages: readonly Record<string, unknown>[]): void {
  for (const m of messages) if (m['complete'] === false) assert.ok((m['notes'] as string[]).length > 0, JSON.stringify(m))
}

test('frames in any order never throw, and what is incomplete says why', () => {
  fc.assert(fc.property(soup, cuts, (steps, sizes) => {
    const all: Step[] = [{ side: CLIENT, bytes: bytesOf(preface(), settings()), at: 7 }, ...steps]
    assertExplained(listen(http2, cutSteps(all, sizes)).messages)
  }), { numRuns: 500 })
})

test('samples with changed bytes and holes never throw', () => {
  const hole = fc.record({ step: fc.nat(), from: fc.nat(), bytes: fc.integer({ min: 1, max: 50 }), value: fc.nat(255) })
  fc.assert(fc.property(fc.constantFrom(...SAMPLES), fc.array(hole, { minLength: 1, maxLength: 4 }), ({ steps }, holes) => {
    const listener = new Listener(http2)
    steps.forEach(({ side, bytes, at }, i) => {
      const here = holes.find(({ step }) => step % steps.length === i)
      const from = here === undefined ? bytes.length : here.from % bytes.length
      const changed = Uint8Array.from(bytes)
      if (here !== undefined && here.value % 2 === 1) changed[from] = here.value
      listener.data(side, changed.subarray(0, from), at)
      const lost = here === undefined ? 0 : Math.min(bytes.length - from, here.value % 2 === 0 ? here.bytes : 0)
      if (lost > 0) listener.gap(side, lost, at)
      listener.data(side, changed.subarray(from + lost), at)
    })
    assertExplained(listener.end(9e6).messages)
  }), { numRuns: 500 })
})
