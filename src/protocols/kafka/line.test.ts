import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from '#property'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import type { Settings } from '../protocol.ts'
import { APIS, FETCH, PRODUCE } from './apis.ts'
import { batchBytes, encodeRequest, encodeResponse, messageBytes } from './encode.fixture.ts'
import { kafka } from './kafka.ts'
import { readLine } from './line.ts'
import { lineStepsOf } from './line-steps.ts'
import { SAMPLES, answer, ask } from './samples.fixture.ts'
import { TopicNames } from './topic-names.ts'

const ID = Buffer.from('0123456789abcdef').toString('base64url')
/** An object of its own for each run: topics are remembered by it. */
const forLines = (): Settings => ({ ...DEFAULT_SETTINGS, details: false, bodyLimitBytes: 0 })

function linesOf(steps: readonly Step[]): unknown[] {
  const { messages, malformed } = listen(kafka, steps, forLines())
  return [...messages.map(({ atMicros, elapsedMicros, what, status, outcome, complete, notes }) => [atMicros, elapsedMicros, what, status, outcome, complete, notes]), malformed]
}

/** Frames that come whole are read in one go, those in pieces field by field. */
function assertSame(steps: readonly Step[]): void {
  assert.deepEqual(linesOf(steps), linesOf(cutSteps(steps, [1])))
}

const records = Buffer.concat([batchBytes([{ key: 'a', value: 'b' }, { key: null, value: 'c' }]), batchBytes([{ value: 'd' }], { baseOffset: 2 })])
const topic = (name: string, id: string, partitions: object[]): object => ({ topic: name, topicId: id, partitions })
const asked = [
  topic('orders', ID, [{ partition: 0, records }, { partition: 7, records: null }]), topic('returns', Buffer.alloc(16, 7).toString('base64url'), [{ partition: 1, records: batchBytes([{ value: 'e' }]) }]),
  topic('none', ID, []),
]
const answered = [topic('orders', ID, [{ partition: 0, records }, { partition: 7, error: 3, records: null }]), topic('returns', ID, [{ partition: 1, error: 6, records: Buffer.concat([messageBytes(0, 1, 0, null, 'old'), messageBytes(1, 1, 1, null, 'packed')]) }])]

/** Produce and Fetch in all versions, each with its answer. */
const EXCHANGES: readonly (readonly Step[])[] = [PRODUCE, FETCH].flatMap((key) => Array.from({ length: APIS[key]!.maxVersion + 1 }, (_, version) => [
  ask(encodeRequest(3, 12, 1, 'shop', { topics: null }), 100),
  answer(encodeResponse(3, 12, 1, { topics: [{ topic: 'orders', topicId: ID, partitions: [] }] }), 200),
  ask(encodeRequest(key, version, 2, 'shop', { acks: -1, sessionEpoch: 0, topics: asked, forgottenTopics: [{ topic: 'gone', topicId: ID, partitions: [1, 2] }] }), 300),
  answer(encodeResponse(key, version, 2, { topics: answered }), 400),
  ask(encodeRequest(key, version, 3, 'shop', { acks: 0, sessionEpoch: 1, topics: [] }), 500),
  answer(encodeResponse(key, version, 3, { topics: [] }), 600),
  ask(encodeRequest(key, version, 4, 'shop', { acks: 1, sessionEpoch: -1, topics: null }), 700),
  answer(encodeResponse(key, version, 4, { topics: null, error: 0 }), 800),
]))

test('a request or an answer that comes in one piece has the line of one that comes in many, in all versions', () => {
  for (const steps of [...EXCHANGES, ...SAMPLES.map((sample) => sample.steps)]) assertSame(steps)
})

test('what it says', () => {
  const told = EXCHANGES.map((steps) => listen(kafka, steps, forLines()).messages.map(({ what, status }) => `${String(what)} ${String(status)}`).slice(1, 4))
  assert.deepEqual(told[7], ['Produce orders[0], orders[7] +2 4 records UNKNOWN_TOPIC_OR_PARTITION', 'Produce 0 records undefined', 'Produce 0 records OK'])
  assert.deepEqual(told.at(-1), ['Fetch orders[0], orders[1] 5+ records UNKNOWN_TOPIC_OR_PARTITION', 'Fetch orders[0], orders[7] +2 0 records OK', 'Fetch end of session OK'])
})

test('the same where bytes were changed', () => {
  const change = fc.record({ at: fc.nat(4000), value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)) })
  fc.assert(fc.property(fc.constantFrom(...EXCHANGES), fc.array(change, { minLength: 1, maxLength: 3 }), (steps, changes) => {
    // The lengths of frames stay: elsewhere they are tried with the contract.
    const changed = steps.map((step) => ({ ...step, bytes: Buffer.from(step.bytes) }))
    for (const { at, value } of changes) {
      const { bytes } = changed[2 + at % (changed.length - 2)]!
      bytes[12 + (at >> 3) % (bytes.length - 12)] = value
    }
    assertSame(changed)
  }), { numRuns: 1500 })
})

test('where anything is odd, there is no line', () => {
  const whole = encodeRequest(PRODUCE, 7, 1, 'shop', { acks: 1, topics: asked }).subarray(18)
  const steps = lineStepsOf(PRODUCE, 7, true)!
  const read = (bytes: Uint8Array): unknown => readLine(bytes, 0, bytes.length, steps, false, new TopicNames().of('a'))
  assert.ok(read(whole) !== undefined)
  assert.equal(read(whole.subarray(0, -1)), undefined)
  assert.equal(read(Buffer.concat([whole, Buffer.alloc(1)])), undefined)
  assert.equal(lineStepsOf(3, 1, true), undefined)
  assert.equal(lineStepsOf(PRODUCE, 99, true), undefined)
})
