import assert from 'node:assert/strict'
import test from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { plainMessage } from '../contract.fixture.ts'
import type { Handover, Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { EXCERPT_BYTES, MAX_COMPRESSED_BYTES, MAX_INFLATED_BYTES } from './limits.ts'
import { Deflater, answer, ask, frame, from, handover } from './samples.fixture.ts'
import { websocket } from './websocket.ts'

interface Shown {
  what: string, status: string, outcome: string, complete: boolean, notes: string[]
  request?: Record<string, unknown>, response?: Record<string, unknown>
}
interface Heard { messages: Shown[], malformed: string[], disowned: boolean }
interface Gap { readonly side: 0 | 1, readonly lost: number }

const PLAIN = handover()

function hear(steps: readonly (Step | Gap)[], opened: Handover | 'guessed' = PLAIN, settings: Settings = DEFAULT_SETTINGS, late = false): Heard {
  const heard: Heard = { messages: [], malformed: [], disowned: false }
  const dissector = websocket.open({
    message: (m) => { heard.messages.push(plainMessage(m) as unknown as Shown) },
    malformed: (side, what, offset) => { heard.malformed.push(`${side === CLIENT ? 'client' : 'server'} ${what} at ${offset}`) },
    switchTo() {}, disown: () => { heard.disowned = true },
  }, settings, opened === 'guessed' ? undefined : opened)
  if (late) dissector.joinedLate?.()
  for (const step of steps) {
    if ('lost' in step) dissector.gap(step.side, step.lost, 5)
    else dissector.data(step.side, step.bytes, step.at)
  }
  dissector.end(CLIENT, 9e6)
  dissector.end(SERVER, 9e6)
  return heard
}

const whats = (heard: Heard): string[] => heard.messages.map((m) => m.what)

test('a message of each side, field by field', () => {
  const steps = [{ ...ask('{"type":"hi"}'), at: 100 }, { ...answer('hello'), at: 250 }]
  assert.deepEqual(hear(steps, handover('', '/chat?token=t', 'shop.v2')).messages, [
    {
      protocol: 'websocket', atMicros: 100, what: '/chat ↑ {"type":"hi"}', status: 'text', outcome: 'ok', complete: true, notes: [],
      request: { kind: 'text', path: '/chat', subprotocol: 'shop.v2', payloadBytes: 13, body: { json: { type: 'hi' } }, durationMicros: 0, complete: true },
    },
    {
      protocol: 'websocket', atMicros: 250, what: '/chat ↓ hello', status: 'text', outcome: 'ok', complete: true, notes: [],
      response: { kind: 'text', path: '/chat', subprotocol: 'shop.v2', payloadBytes: 5, body: { text: 'hello' }, durationMicros: 0, complete: true },
    },
  ])
})

test('fragments are joined, with control frames between them', () => {
  const heard = hear([answer('one, ', { isFinal: false }), from(SERVER, 9, 'p'), from(CLIENT, 10, 'p'), from(SERVER, 0, 'two'), from(SERVER, 8, Buffer.from([3, 0xe9]))])
  assert.deepEqual(heard.messages.map((m) => [m.what, m.response!.fragments, m.response!.pings]), [['/chat ↓ one, two', 2, undefined], ['/chat ↓ close 1001 going away', undefined, 1]])
})

test('close codes are named, and say whose fault it was', () => {
  const close = (code: number, reason = '') => hear([from(SERVER, 8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]))]).messages[0]!
  assert.deepEqual([1000, 1001, 1002, 1011, 4001].map((code) => [close(code).status, close(code).outcome]),
    [['close 1000', 'ok'], ['close 1001', 'ok'], ['close 1002', 'client-error'], ['close 1011', 'server-error'], ['close 4001', 'client-error']])
  assert.equal(close(1008, 'no entry').what, '/chat ↓ close 1008 policy violation: no entry')
  assert.deepEqual(whats(hear([from(CLIENT, 8, '')])), ['/chat ↑ close'])
})

test('permessage-deflate with context takeover, both ways', async () => {
  const client = new Deflater()
  const server = new Deflater()
  const steps: Step[] = []
  for (const text of ['the same words', 'the same words', 'the same words again']) {
    steps.push(from(CLIENT, 1, await client.deflate(text), { reserved: 4 }), from(SERVER, 1, await server.deflate(text.toUpperCase()), { reserved: 4 }))
  }
  const heard = hear(steps, handover('permessage-deflate; client_max_window_bits=15'))
  assert.deepEqual(whats(heard), ['↑ the same words', '↓ THE SAME WORDS', '↑ the same words', '↓ THE SAME WORDS', '↑ the same words again', '↓ THE SAME WORDS AGAIN'].map((what) => `/chat ${what}`))
  assert.deepEqual([heard.messages[2]!.request!.compressed, heard.messages[2]!.request!.messageBytes], [true, 14])
})

test('a context that was lost is said to be lost, and nothing wrong is shown', async () => {
  const deflater = new Deflater()
  const parts = []
  for (const text of ['a sentence that stands at the beginning', 'a sentence that stands at the beginning', 'completely different 0123456789']) {
    parts.push(from(SERVER, 1, await deflater.deflate(text), { reserved: 4 }))
  }
  const heard = hear([{ side: SERVER, lost: parts[0]!.bytes.length }, parts[1]!, parts[2]!, answer('plain text goes on')], handover('permessage-deflate'))
  assert.ok(heard.messages.some((m) => m.notes.some((note) => note.includes('refers to messages that were not captured'))), JSON.stringify(heard.messages))
  assert.equal(whats(heard).at(-1), '/chat ↓ plain text goes on')
  const forgetful = hear([{ side: SERVER, lost: 20 }, from(SERVER, 1, deflateRawSync('on its own').subarray(0), { reserved: 4 }), answer('after it, some text')], handover('permessage-deflate; server_no_context_takeover'))
  assert.equal(whats(forgetful).at(-1), '/chat ↓ after it, some text')
})

test('without an agreement a reserved bit explains nothing', () => {
  const heard = hear([from(SERVER, 1, Buffer.from([0xff, 0xfe, 1]), { reserved: 4 }), answer('x')], handover('x-webkit-deflate-frame'))
  assert.deepEqual(heard.messages[0]!.notes, ['a reserved bit is set that no known extension explains', 'the text is not valid UTF-8', 'extension x-webkit-deflate-frame is not known'])
})

test('bytes lost within a payload cost that message only', () => {
  const long = answer('0123456789'.repeat(10))
  const heard = hear([{ ...long, bytes: long.bytes.subarray(0, 22) }, { side: SERVER, lost: 30 }, { ...long, bytes: long.bytes.subarray(52) }, answer('next')])
  assert.deepEqual(heard.messages.map((m) => [m.what.slice(0, 18), m.complete, m.response!.lostBytes]), [['/chat ↓ 0123456789', false, 30], ['/chat ↓ next', true, undefined]])
  assert.deepEqual(heard.messages[0]!.notes, ['bytes of the message were lost'])
})

test('behind a hole of unknown extent the next frame is found, and told to come after it', () => {
  const heard = hear([ask('first'), { side: CLIENT, lost: 40 }, ask('a text after the hole'), ask('and the next')])
  assert.deepEqual(heard.messages.map((m) => [m.what, m.notes]), [['/chat ↑ first', []], ['/chat ↑ a text after the hole', ['bytes before it were lost or skipped']], ['/chat ↑ and the next', []]])
})

test('a connection that was joined late is read from the next frame on', () => {
  const inside = frame(1, 'the end of something long').subarray(6)
  const heard = hear([{ side: SERVER, bytes: inside, at: 1 }, answer('a text of some length'), ask('{"a":1}')], 'guessed', DEFAULT_SETTINGS, true)
  assert.deepEqual(whats(heard), ['↓ a text of some length', '↑ {"a":1}'])
})

test('what breaks the format is told with its place; a guess is given up', () => {
  const bad = { side: SERVER, bytes: Buffer.from([0x83, 0x00]), at: 7 } as const
  assert.deepEqual(hear([answer('ok, fine'), bad]).malformed, ['server a reserved opcode at 10'])
  assert.equal(hear([bad], 'guessed').disowned, true)
  for (const bytes of [[0x09, 0x00], [0x89, 0x7e, 0, 126], [0x81, 0x7e, 0, 5], [0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0], [0x91, 0x00], [0x81, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 0]]) {
    assert.equal(hear([{ side: SERVER, bytes: Buffer.from(bytes), at: 1 }]).malformed.length, 1, String(bytes))
  }
})

test('unmasked frames of a client are read, and noted', () => {
  assert.deepEqual(hear([ask('hello', { isMasked: false })]).messages.map((m) => [m.what, m.notes]), [['/chat ↑ hello', ['frames of the client are not masked']]])
})

test('limits: what is kept, what is decompressed', () => {
  const none = hear([ask('y'.repeat(EXCERPT_BYTES + 100))], PLAIN, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 }).messages[0]!
  assert.deepEqual([none.request!.body, none.request!.payloadBytes, none.what.startsWith('/chat ↑ yyyy')], [undefined, EXCERPT_BYTES + 100, true])
  const some = hear([ask('y'.repeat(600))], PLAIN, { ...DEFAULT_SETTINGS, bodyLimitBytes: 10 }).messages[0]!
  assert.deepEqual(some.request!.body, { text: 'y'.repeat(10), truncated: true })
  const agreed = handover('permessage-deflate')
  const bomb = hear([from(SERVER, 1, deflateRawSync(Buffer.alloc(MAX_INFLATED_BYTES * 4, 97)), { reserved: 4 })], agreed).messages[0]!
  assert.deepEqual([bomb.notes, bomb.response!.messageBytes !== MAX_INFLATED_BYTES * 4], [[`expands to more than ${MAX_INFLATED_BYTES} bytes`], true])
  const stored = deflateRawSync(Buffer.alloc(MAX_COMPRESSED_BYTES + 5000, 98), { level: 0 })
  assert.deepEqual(hear([from(SERVER, 1, stored, { reserved: 4 })], agreed).messages[0]!.notes, [`a compressed message longer than ${MAX_COMPRESSED_BYTES} bytes is read only in part`])
})

test('redaction reaches excerpts, bodies, reasons and what cannot be looked into', () => {
  const settings: Settings = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_SETTINGS.redaction, texts: ['canary'] } }
  const steps = [ask('{"a":"canary","b":"\\u0063anary"}'), from(SERVER, 2, Buffer.from('\0canary', 'latin1')), from(CLIENT, 8, Buffer.from('\x03\xe8canary', 'latin1')), from(SERVER, 1, 'canary', { reserved: 4 })]
  const { messages } = hear(steps, handover('permessage-deflate', '/canary', 'canary'), settings)
  assert.equal(messages.length, 4)
  const said = JSON.stringify(messages)
  for (const form of ['canary', Buffer.from('canary').toString('base64').slice(0, 7), Buffer.from('\0canary').toString('base64').slice(4), '63 61 6e']) assert.ok(!said.includes(form), `${form} in ${said}`)
})

test('texts that come again are alike, and those of the other side, of another path, or with something to note are not', () => {
  const settings = { ...DEFAULT_SETTINGS }
  const said: { what: string, likeness: unknown }[] = []
  for (const target of ['/a', '/a', '/b']) {
    const dissector = websocket.open({ message: (m) => { said.push({ what: m.what, likeness: m.likeness }) }, malformed() {}, switchTo() {}, disown() {} }, settings, handover('', target))
    for (const { side, bytes } of [ask('tick'), answer('tick'), ask('tick'), ask('tock'), from(CLIENT, 1, Buffer.from([0xff])), from(CLIENT, 1, Buffer.from([0xff]))]) dissector.data(side, bytes, 1)
    dissector.data(CLIENT, frame(1, 'tick', { isMasked: false }), 1)
  }
  const of = (what: string): Set<unknown> => new Set(said.filter((m) => m.what === what).map((m) => m.likeness))
  assert.deepEqual([...of('/a ↑ 1 byte')], [undefined])
  const alike = ['/a ↑ tock', '/a ↓ tick', '/a ↑ tick', '/b ↑ tick'].map((what) => [...of(what)].filter((likeness) => likeness !== undefined))
  assert.ok(alike.every((likenesses) => likenesses.length === 1))
  assert.equal(said.findLast((m) => m.what === '/b ↑ tick')!.likeness, undefined)
  assert.equal(new Set(alike.flat()).size, 4)
})
