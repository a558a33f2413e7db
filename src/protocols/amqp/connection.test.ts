import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Listener, cutSteps, listen } from '../contract.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { amqp } from './amqp.ts'
import { probe } from './probe.ts'
import { SAMPLES, content, method } from './samples.fixture.ts'

const lines = (name: string): string[] => listen(amqp, SAMPLES.find((sample) => sample.name === name)!.steps).messages
  .map(({ what, status, outcome }) => `${String(what)}: ${String(status)}, ${String(outcome)}`)
const OPENING = ['AMQP 0-9-1 RabbitMQ: OK, ok', 'Connection.StartOk alice: OK, ok', 'Connection.TuneOk: undefined, none', 'Connection.Open /shop: OK, ok', 'Channel.Open: OK, ok']

test('one line for each method with what answers it', () => {
  assert.deepEqual(lines('from the header to the close'), [
    ...OPENING, 'Basic.Publish shop new: undefined, none', 'Queue.Declare orders: OK, ok', 'Basic.Publish shop empty: undefined, none',
    'Basic.Publish shop cut: undefined, none', 'Connection.Close bye: 200, ok',
  ])
})

test('a close says how many heartbeats its sender sent before it', () => {
  const close = listen(amqp, SAMPLES[0]!.steps).messages.at(-1)!
  assert.deepEqual([close['request'], close['response']].map((half) => (half as { heartbeats?: number }).heartbeats), [undefined, 1])
})

test('deliveries are answered by their acknowledgements, those of silent consumers by none', () => {
  assert.deepEqual(lines('deliveries and acknowledgements on two channels').slice(OPENING.length), [
    'Channel.Open: OK, ok', 'Basic.Consume orders: OK, ok', 'Basic.Consume logs: OK, ok', 'Basic.Deliver shop new: undefined, none',
    'Basic.Deliver shop new: ack, ok', 'Basic.Deliver shop new: ack, ok', 'Basic.Deliver shop new: reject, client-error', 'Basic.Get orders: OK, ok',
    'Basic.Get orders: empty, ok', 'Basic.Deliver shop new: undefined, none',
  ])
})

test('confirms, returns and errors', () => {
  assert.deepEqual(lines('confirms, a return and an error').slice(OPENING.length), [
    'Confirm.Select: OK, ok', 'Basic.Return shop c: 312, client-error', 'Basic.Publish shop a: ack, ok', 'Basic.Publish shop b: ack, ok',
    'Basic.Publish shop c: ack, ok', 'Basic.Publish shop d: nack, server-error', 'Queue.Declare missing: 404, client-error',
  ])
})

test('versions', () => {
  assert.deepEqual(lines('a version that the server does not speak'), ['AMQP 0-8-0: wants 0-9-1, client-error'])
  assert.deepEqual(lines('AMQP 1.0'), ['AMQP 1.0: OK, ok'])
})

test('content is joined, with its properties', () => {
  const { messages } = listen(amqp, SAMPLES[0]!.steps)
  const { arguments: values, properties, bodyBytes, body } = messages.find(({ what }) => what === 'Basic.Publish shop cut')!['request'] as Record<string, unknown>
  assert.deepEqual({ values, properties, bodyBytes, body }, {
    values: { exchange: 'shop', routingKey: 'cut', mandatory: false, immediate: false },
    properties: { contentType: 'text/plain', headers: { trace: 'abc' } }, bodyBytes: 15, body: { text: 'in three frames' },
  })
})

test('passwords are hidden unless that is not wanted', () => {
  const { steps } = SAMPLES[0]!
  assert.ok(!JSON.stringify(listen(amqp, steps).messages).includes('wonderland'))
  const open = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_SETTINGS.redaction, credentials: false } }
  assert.ok(JSON.stringify(listen(amqp, steps, open).messages).includes('wonderland'))
})

test('a hole within a body loses bytes, not the place; a larger one is searched over', () => {
  const listener = new Listener(amqp)
  for (const { side, bytes, at } of SAMPLES[0]!.steps.slice(0, 8)) listener.data(side, bytes, at)
  const sent = Buffer.concat([method(1, 60, 40, Buffer.alloc(2), '', 'q', 0), content(1, Buffer.alloc(3000, 0x61))])
  listener.data(CLIENT, sent.subarray(0, 1000), 1)
  listener.gap(CLIENT, 1500, 1)
  listener.data(CLIENT, sent.subarray(2500), 1)
  listener.gap(CLIENT, 9000, 1)
  listener.data(CLIENT, Buffer.concat([Buffer.alloc(50, 0x61), method(1, 85, 10, 0)]), 2)
  listener.data(SERVER, method(1, 85, 11), 3)
  const { messages } = listener.end(4)
  assert.deepEqual(messages.slice(5).map(({ what, complete, notes }) => [what, complete, notes]), [
    ['Basic.Publish q', false, ['request: bytes of its body were lost']], ['Confirm.Select', true, ['request: bytes before it were lost or skipped']],
  ])
})

test('a frame that goes beyond its content adds nothing to it, wherever it is cut', () => {
  const before = SAMPLES[0]!.steps.slice(0, 8)
  const sent = Buffer.concat([method(1, 60, 40, Buffer.alloc(2), '', 'q', 0), content(1, Buffer.from('hello'))])
  // The frame of the body says that it is longer than it is.
  sent[sent.length - 5 - 2] = 9
  const said = (sizes: number[]): unknown => {
    const steps = [...before, { side: CLIENT, bytes: sent, at: 7 }, { side: CLIENT, bytes: Buffer.from('beyond\xce', 'latin1'), at: 7 }] as typeof before
    return listen(amqp, sizes.length === 0 ? steps : cutSteps(steps, sizes)).messages.filter(({ what }) => what === 'Basic.Publish q').map(({ request }) => request)
  }
  assert.match(JSON.stringify(said([])), /"text":"hello"/)
  for (let size = 1; size < 20; size++) assert.deepEqual(said([size]), said([]))
})

test('nearly right bytes give the same messages however they are cut', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 })
  fc.assert(fc.property(fc.constantFrom(...SAMPLES.slice(0, 3)), fc.nat(), fc.nat(255), cuts, ({ steps }, where, value, sizes) => {
    const copy = steps.map((step) => ({ ...step, bytes: Buffer.from(step.bytes), at: 7 }))
    const { bytes } = copy[1 + where % (copy.length - 1)]!
    bytes[Math.floor(where / copy.length) % bytes.length] = value
    const said = (all: typeof copy): object => ({ ...listen(amqp, all), handedOver: undefined })
    assert.deepEqual(said(cutSteps(copy, sizes) as typeof copy), said(copy))
  }), { numRuns: 200 })
})

test('other protocols are refused', () => {
  const none = new Uint8Array(0)
  for (const text of ['GET / HTTP/1.1\r\n', 'ABCD', '*1\r\n$4\r\nPING\r\n', '\x16\x03\x01\x00\xc8', '\x00\x00\x00\x08\x04\xd2\x16\x2f', '\x01\x00\x00\x00\x0e']) {
    assert.equal(probe(Buffer.from(text, 'latin1'), none), 'no', text)
  }
})
