import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { http1 } from './http1.ts'
import { SAMPLES, ask } from './samples.fixture.ts'

const side = fc.constantFrom(CLIENT, SERVER)
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })

/** Pieces of HTTP put together as they come: nearly right, which is worse than random. */
const fragment = fc.oneof(
  fc.constantFrom('GET ', 'POST ', 'HEAD ', 'CONNECT ', '/a ', '* ', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.', ' 200 OK', ' 100 ', ' 204', '\r\n', '\n', '\r', ' ', '\t',
    'Content-Length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked', 'Upgrade: x', 'A: b', ':', ',', '5\r\n', '0\r\n', ';', 'hello', '\0', '\xff', 'HTT', 'GE'),
  fc.constantFrom('GET / HTTP/1.1\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'GET / HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
  fc.string({ maxLength: 8, unit: 'binary-ascii' }),
)
const soup = fc.array(fc.record({ side, pieces: fc.array(fragment, { minLength: 1, maxLength: 12 }) }), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.map(({ side: of, pieces }): Step => ({ ...ask(pieces.join(''), 7), side: of })))
  .map((steps) => steps.filter((step) => step.bytes.length > 0))

const withoutDisowned = (steps: Step[]) => {
  const { disowned, handedOver, ...said } = listen(http1, steps)
  return disowned ? 'disowned' : { ...said, handedOver: handedOver.map((pieces) => Buffer.concat(pieces).toString('latin1')) }
}

test('nearly right bytes give the same messages however they are cut', () => {
  const begun = [ask('GET /first HTTP/1.1\r\n\r\n', 7)]
  fc.assert(fc.property(soup, cuts, (steps, sizes) => {
    const all = [...begun, ...steps]
    assert.deepEqual(withoutDisowned(cutSteps(all, sizes)), withoutDisowned(all))
  }), { numRuns: 400 })
})

test('nearly right bytes from the very start are read or disowned alike however they are cut', () => {
  fc.assert(fc.property(soup, cuts, (steps, sizes) => {
    assert.deepEqual(withoutDisowned(cutSteps(steps, sizes)), withoutDisowned(steps))
  }), { numRuns: 400 })
})

test('samples with a flipped byte give the same messages however they are cut', () => {
  fc.assert(fc.property(fc.constantFrom(...SAMPLES), fc.nat(), fc.nat(255), cuts, ({ steps }, where, value, sizes) => {
    const copy = steps.map((step) => ({ ...step, bytes: Buffer.from(step.bytes), at: 7 }))
    const { bytes } = copy[where % copy.length]!
    bytes[Math.floor(where / copy.length) % bytes.length] = value
    assert.deepEqual(withoutDisowned(cutSteps(copy, sizes)), withoutDisowned(copy))
  }), { numRuns: 300 })
})
