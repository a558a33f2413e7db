import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { encodeRequest, encodeResponse } from './encode.fixture.ts'
import { kafka } from './kafka.ts'
import { SAMPLES, answer, ask } from './samples.fixture.ts'

const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 })
const said = (steps: readonly Step[]): object => {
  const { handedOver: _, ...rest } = listen(kafka, steps)
  return rest
}

test('frames with random bodies give the same messages however they are cut', () => {
  const body = fc.uint8Array({ maxLength: 60 })
  const frame = fc.record({ key: fc.constantFrom(0, 1, 3, 11, 18, 68, 78, 99), version: fc.nat(14), bytes: body }).map(({ key, version, bytes }) => {
    const head = Buffer.alloc(12)
    head.writeInt32BE(8 + bytes.length)
    head.writeInt16BE(key, 4)
    head.writeInt16BE(version, 6)
    head.writeInt32BE(key % 3, 8)
    return { side: CLIENT, bytes: Buffer.concat([head, bytes]), at: 7 } as Step
  })
  const reply = fc.record({ id: fc.nat(2), bytes: body }).map(({ id, bytes }) => {
    const head = Buffer.alloc(8)
    head.writeInt32BE(4 + bytes.length)
    head.writeInt32BE(id, 4)
    return { side: SERVER, bytes: Buffer.concat([head, bytes]), at: 7 } as Step
  })
  const begun = [ask(encodeRequest(3, 0, 1, 'shop', {}), 7), answer(encodeResponse(3, 0, 1, {}), 7)]
  fc.assert(fc.property(fc.array(fc.oneof(frame, reply), { minLength: 1, maxLength: 8 }), cuts, (steps, sizes) => {
    const all = [...begun, ...steps]
    assert.deepEqual(said(cutSteps(all, sizes)), said(all))
  }), { numRuns: 400 })
})

test('a wrong byte in the body of a frame leaves the frames behind it readable', () => {
  fc.assert(fc.property(fc.nat(200), fc.nat(255), (where, value) => {
    const [first, ...rest] = SAMPLES[1]!.steps
    const copy = Buffer.from(rest[0]!.bytes)
    copy[12 + where % (copy.length - 12)] = value
    const messages = listen(kafka, [first!, { ...rest[0]!, bytes: copy }, ...rest.slice(1)]).messages
    assert.equal(messages.at(-1)!['what'], 'Fetch orders[0] 0 records')
  }), { numRuns: 200 })
})
