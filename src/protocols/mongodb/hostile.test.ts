import assert from 'node:assert/strict'
import test from 'node:test'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import type { Message } from '../../model/message.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { MAX_DEPTH, MAX_SECTIONS, MAX_VALUES, MAX_WAITING_BYTES } from './limits.ts'
import { mongodb } from './mongodb.ts'
import { CHECKSUM_PRESENT, MORE_TO_COME, OP_COMPRESSED, OP_MSG, OP_QUERY, OP_REPLY } from './op.ts'
import { SAMPLES, answer, ask, bson, int32, message, wire } from './samples.fixture.ts'

const begun = [ask(1, { ping: 1, $db: 'admin' }, 1), answer(2, 1, { ok: 1 }, 2)]
const asked = (...body: Uint8Array[]): Step => ({ side: CLIENT, bytes: wire(5, 0, OP_MSG, ...body), at: 7 })
const answered = (...body: Uint8Array[]): Step => ({ side: SERVER, bytes: wire(6, 5, OP_MSG, ...body), at: 8 })

/** The one message that the steps add to a connection that has begun. */
function only(...steps: readonly Step[]): Record<string, unknown> {
  const { messages, malformed } = listen(mongodb, [...begun, ...steps])
  assert.deepEqual(malformed, [])
  assert.equal(messages.length, 2)
  return messages[1]!
}

const notesOf = (m: Record<string, unknown>): string[] => (m['notes'] as string[]).filter((note) => !note.startsWith('no reply'))

/** An element without its document. */
function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), Buffer.from(`${name}\0`), value])
}

/** `sizeBytes`: what it says of itself. */
function document(elements: Uint8Array, sizeBytes = elements.length + 5): Buffer {
  return Buffer.concat([int32(sizeBytes), elements, Buffer.of(0)])
}

const BODY = Buffer.of(0)

test('lengths that are lies are said to be', () => {
  for (const value of [-1, -0x8000_0000, 0, 3, 0x7fff_ffff]) {
    for (const type of [0x02, 0x03, 0x04, 0x05, 0x0c, 0x0d, 0x0e, 0x0f]) {
      const m = only(asked(int32(0), BODY, document(Buffer.concat([element(2, 'find', Buffer.from('\x02\0\0\0a\0')), element(type, 'x', int32(value)), Buffer.alloc(30)]))))
      assert.equal(m['what'], 'find a', `type ${type}, length ${value}`)
      if (value > 3 || value < 0) assert.deepEqual(notesOf(m), ['request: a document that breaks BSON, shown as far as it goes'], `type ${type}, length ${value}`)
    }
    const outer = only(asked(int32(0), BODY, document(element(8, 'ping', Buffer.of(1)), value)))
    if (value < 5) assert.deepEqual(notesOf(outer), ['request: a document that breaks BSON, shown as far as it goes'])
  }
})

test('a scope does not reach beyond its code', () => {
  const code = Buffer.concat([int32(4 + 4 + 2 + 5), int32(2), Buffer.from('f\0'), int32(1000), Buffer.of(0)])
  const m = only(asked(int32(0), BODY, document(Buffer.concat([element(8, 'ping', Buffer.of(1)), element(0x0f, 'x', code), element(8, 'later', Buffer.of(1))]))))
  assert.deepEqual(notesOf(m), ['request: a document that breaks BSON, shown as far as it goes'])
})

test('documents within documents are followed to a depth', () => {
  let deep = bson({ end: 1 })
  for (let i = 0; i < 5000; i++) deep = document(element(i % 2 === 0 ? 3 : 4, 'a', deep))
  const m = only(asked(int32(0), BODY, document(Buffer.concat([element(8, 'ping', Buffer.of(1)), element(3, 'deep', deep)]))))
  assert.deepEqual(notesOf(m), [`request: more than ${MAX_VALUES} values or ${MAX_SECTIONS} sections, the rest is not shown`])
  assert.ok(JSON.stringify(m['request']).length < MAX_DEPTH * 20)
})

test('values and sections are shown up to a number', () => {
  const tooMuch = [`request: more than ${MAX_VALUES} values or ${MAX_SECTIONS} sections, the rest is not shown`]
  // No names, so that they are within what is kept of a body.
  const wide = document(Buffer.concat(Array.from({ length: MAX_VALUES + 10 }, () => Buffer.of(0x0a, 0))))
  assert.deepEqual(notesOf(only(asked(int32(0), BODY, document(Buffer.concat([element(8, 'ping', Buffer.of(1)), element(4, 'wide', wide)]))))), tooMuch)
  const sequence = Buffer.concat([Buffer.of(1), int32(6), Buffer.from('s\0')])
  const endless = only(asked(message(0, { insert: 'a' }), ...Array.from({ length: 2000 }, () => sequence)))
  assert.equal(endless['what'], 'insert a')
  assert.deepEqual(notesOf(endless), tooMuch)
})

test('sequences whose sizes are lies neither throw nor go on for ever', () => {
  for (const size of [-1, 0, 1, 4, 5, 0x7fff_ffff, -0x8000_0000]) {
    const m = only(asked(message(0, { insert: 'a', $db: 'b' }), Buffer.of(1), int32(size), Buffer.from('documents\0'), bson({ a: 1 })))
    assert.match(String(m['what']), /^insert b\.a/, `size ${size}`)
  }
})

test('what should be a number and is a document neither throws nor is believed', () => {
  for (const odd of [{}, { a: 1 }, [{}], [[]], { valueOf: 1, toString: 2 }, 'x', null]) {
    assert.equal(only(ask(5, { ping: 1 }, 7), answered(message(0, { ok: odd, code: odd, codeName: odd })))['outcome'], 'client-error')
    const failed = only(ask(5, { insert: 'a' }, 7), answered(message(0, { ok: 1, writeErrors: [{ code: odd, index: odd }] })))
    assert.deepEqual([failed['outcome'], failed['complete']], ['client-error', true])
    const told = only(ask(5, { getMore: odd, collection: odd, $db: odd, documents: odd }, 7), answered(message(0, { ok: 1, cursor: odd })))
    assert.deepEqual([told['status'], String(told['what']).startsWith('getMore')], ['ok', true])
  }
})

const MEBIBYTE = 1024 * 1024
const bombs: readonly (readonly [name: string, packed: (plain: Buffer) => Uint8Array, id: number])[] = [
  ['zlib', (plain) => deflateSync(plain), 2], ['zstd', (plain) => zstdCompressSync(plain), 3],
  // Length, one zero, copies of it.
  ['snappy', (plain) => Buffer.concat([varint(plain.length), Buffer.of(0, 0), ...Array.from({ length: plain.length / 64 }, () => Buffer.of(63 << 2 | 2, 1, 0))]), 1],
]

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.of(value) : Buffer.concat([Buffer.of(value & 0x7f | 0x80), varint(Math.floor(value / 128))])
}

for (const [name, pack, id] of bombs) {
  test(`${name}: what expands further than it says, or too far, is not read`, () => {
    const packed = pack(Buffer.alloc(8 * MEBIBYTE))
    assert.ok(packed.length < 512 * 1024)
    for (const says of [100, 8 * MEBIBYTE, 0x7fff_ffff, -1]) {
      const m = only({ side: CLIENT, bytes: wire(5, 0, OP_COMPRESSED, int32(OP_MSG, says), Buffer.of(id), packed), at: 7 })
      assert.deepEqual(notesOf(m), ['request: it could not be decompressed'], `says ${says}`)
    }
  })
}

test('what was compressed twice is not unpacked twice', () => {
  const inner = Buffer.concat([int32(OP_MSG, 100), Buffer.of(2), deflateSync(message(0, { ping: 1 }))])
  const m = only({ side: CLIENT, bytes: wire(5, 0, OP_COMPRESSED, int32(OP_COMPRESSED, inner.length), Buffer.of(2), deflateSync(inner)), at: 7 })
  assert.deepEqual(notesOf(m), ['request: it could not be decompressed'])
})

test('compressed requests that wait are counted by what they became', () => {
  const plain = message(0, { find: 'a', filter: { text: 'x'.repeat(60_000) } })
  const packed = deflateSync(plain)
  let waiting = 0
  const dissector = mongodb.open({ message: (m: Message) => { if (m.notes.includes('given up: too many requests wait for a reply')) waiting-- }, malformed() {}, switchTo() {}, disown() {} }, DEFAULT_SETTINGS)
  for (let id = 1; id <= 200; id++) {
    waiting++
    dissector.data(CLIENT, wire(id, 0, OP_COMPRESSED, int32(OP_MSG, plain.length), Buffer.of(2), packed), id)
  }
  assert.ok(waiting > 2 && waiting * plain.length <= MAX_WAITING_BYTES, `${waiting} requests of ${plain.length} bytes wait`)
  assert.ok(dissector.heldBytes! <= MAX_WAITING_BYTES)
})

/** Pieces of messages put together as they come: nearly right, which is worse than random. */
const fragment = fc.oneof(
  fc.constantFrom(int32(0), int32(CHECKSUM_PRESENT), int32(MORE_TO_COME), int32(-1), int32(5), int32(0x7fff_ffff), Buffer.of(0), Buffer.of(1), Buffer.from('documents\0'), Buffer.from('admin.$cmd\0'),
    bson({ ok: 1 }), bson({ find: 'a', $db: 'b' }), bson({ insert: 'a', documents: [{}] }), bson({ ok: 0, code: {}, writeErrors: [{}] }), Buffer.of(2), deflateSync(message(0, { ping: 1 }))),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
)
const soup = fc.array(fc.record({
  isClient: fc.boolean(), op: fc.constantFrom(OP_MSG, OP_MSG, OP_COMPRESSED, OP_QUERY, OP_REPLY, 2001, 2002, 2005, 2006, 2007), id: fc.nat(3), to: fc.nat(3), pieces: fc.array(fragment, { maxLength: 6 }),
}), { minLength: 1, maxLength: 6 }).map((parts) => parts.map(({ isClient, op, id, to, pieces }): Step => ({
  side: isClient ? CLIENT : SERVER, bytes: wire(id, isClient ? 0 : to, isClient === (op === OP_REPLY) ? OP_MSG : op, ...pieces), at: 7,
})))

test('nearly right messages never throw, say why they are incomplete, and read the same however they are cut', () => {
  fc.assert(fc.property(soup, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (steps, cuts) => {
    const whole = listen(mongodb, [...begun, ...steps])
    for (const m of whole.messages) assert.ok(m['complete'] === true || (m['notes'] as string[]).length > 0)
    assert.deepEqual(listen(mongodb, [...begun, ...cutSteps(steps, cuts)]).messages, whole.messages)
  }), { numRuns: 500 })
})

test('a wrong byte within a message leaves those behind it readable', () => {
  const last = [ask(900, { ping: 1, $db: 'admin' }, 90), answer(901, 900, { ok: 1 }, 91)]
  fc.assert(fc.property(fc.nat(SAMPLES[1]!.steps.length - 1), fc.nat(5000), fc.nat(255), (index, where, value) => {
    const steps = SAMPLES[1]!.steps.map((step) => ({ ...step, bytes: Buffer.from(step.bytes) }))
    const { bytes } = steps[index]!
    bytes[16 + where % (bytes.length - 16)] = value
    const m = listen(mongodb, [...steps, ...last]).messages.find(({ request }) => (request as { requestId?: number } | undefined)?.requestId === 900)
    assert.deepEqual([m?.['what'], m?.['status'], m?.['complete']], ['ping', 'ok', true])
  }), { numRuns: 300 })
})
