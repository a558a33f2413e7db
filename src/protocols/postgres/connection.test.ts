import assert from 'node:assert/strict'
import test from 'node:test'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Listener, listen, text as chunk } from '../contract.fixture.ts'
import type { Said } from '../contract.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { NO_REDACTION } from '../redaction.ts'
import { MAX_WAITING_OPERATIONS } from './limits.ts'
import { postgres } from './postgres.ts'
import { BOUND, CLOSED, PARSED, SAMPLES, SYNC, bind, close, columns, error, execute, login, message, parse, query, ready, row, startup, tag, talk, text, u32 } from './samples.fixture.ts'

const lines = (said: Said): unknown[] => said.messages.map((m) => [m['what'], m['status'], m['outcome']])
const sample = (index: number): Said => listen(postgres, SAMPLES[index]!.steps)

test('one message a query string, with all its results; a notification is one of its own', () => {
  assert.deepEqual(lines(sample(0)), [
    ['login app@shop', 'OK', 'ok'], ['SELECT id, name FROM items', 'SELECT 2', 'ok'], ['SELECT 1; INSERT INTO items VALUES (3)', 'INSERT 0 1', 'ok'],
    ['SELECT broken', '42703', 'client-error'], ['NOTIFY news', undefined, 'info'], ['empty query', 'EMPTY', 'ok'],
  ])
  assert.ok(sample(0).messages.every((m) => m['complete']))
})

test('one message an execution, pipelined or not; what a failure skips is said', () => {
  const said = sample(1)
  assert.deepEqual(lines(said), [
    ['prepare s1: SELECT $1::int4 AS n', 'OK', 'ok'], ['SELECT $1::int4 AS n', 'SELECT 1', 'ok'], ['SELECT $1::int4 AS n', 'SELECT 1', 'ok'],
    ['SELECT 1/0', '22012', 'client-error'], ['SELECT 3', undefined, 'none'], ['SELECT 4', 'SELECT 1', 'ok'], ['SELECT g FROM t', 'SUSPENDED', 'ok'],
    ['close s1: SELECT $1::int4 AS n', 'OK', 'ok'],
  ].toSpliced(0, 0, ['login app@shop', 'OK', 'ok']))
  const results = said.messages.slice(2, 4).map((m) => (m['response'] as { results: { rows: unknown[] }[] }).results[0]!.rows)
  assert.deepEqual(results, [[{ n: 41 }], [{ n: 42 }]])
})

test('copies are counted, a fatal error at rest is a message', () => {
  const said = sample(2)
  const copies = said.messages.slice(1, 3).map((m) => (m['response'] as { results: { copy: object }[] }).results[0]!.copy)
  assert.deepEqual(copies, [{ direction: 'in', messages: 2, bytes: 12, text: '1\tone\n2\ttwo\n' }, { direction: 'out', messages: 1, bytes: 6, text: '1\tone\n' }])
  assert.deepEqual(lines(said).at(-1), ['FATAL: terminating connection due to administrator command', '57P01', 'server-error'])
})

test('encryption hands over to TLS with what came behind', () => {
  const said = sample(4)
  assert.equal(said.switchedTo, 'tls')
  assert.deepEqual(said.handedOver.map((pieces) => Buffer.concat(pieces).toString('latin1')), ['\x16\x03\x01\x00\x05hello', '\x16\x03\x03'])
})

test('without a body limit nothing is kept of rows, and the line still works', () => {
  const said = listen(postgres, SAMPLES[0]!.steps, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 })
  assert.deepEqual(lines(said), lines(sample(0)))
  const [result] = (said.messages[1]!['response'] as { results: { rows?: object, rowCount: number, truncated: boolean }[] }).results
  assert.deepEqual([result!.rows, result!.rowCount, result!.truncated], [undefined, 2, true])
})

test('credentials are shown only where redaction is off', () => {
  const open = listen(postgres, SAMPLES[0]!.steps, { ...DEFAULT_SETTINGS, redaction: NO_REDACTION })
  assert.match(JSON.stringify(open.messages[0]), /p=proof.*v=sig/)
  assert.doesNotMatch(JSON.stringify(sample(0).messages[0]), /proof|v=sig|r=ab/)
})

test('what the texts of the rules match is replaced in statements, parameters and rows', () => {
  const settings = { ...DEFAULT_SETTINGS, redaction: { ...NO_REDACTION, texts: ['4111-\\d+'] } }
  const said = listen(postgres, talk(...login(), [CLIENT, parse('', "SELECT '4111-1'"), bind('', '', '4111-2'), execute(''), SYNC],
    [SERVER, PARSED, BOUND, row('4111-3'), tag('SELECT 1'), ready()]), settings)
  const shown = JSON.stringify(said.messages[1])
  assert.doesNotMatch(shown, /4111/)
  assert.equal(shown.split('[redacted]').length, 5)
})

test('joined late: whole messages only, an answer without its request is a half', () => {
  const listener = new Listener(postgres)
  const late = new Listener({ ...postgres, open: (sink, settings) => { const d = postgres.open(sink, settings); d.joinedLate?.(); return d } })
  late.data(SERVER, chunk(SERVER, 'rest of a row', 1).bytes, 1)
  late.data(SERVER, Buffer.concat([columns(['a', 23]), row('7'), tag('SELECT 1'), ready()]), 2)
  late.data(CLIENT, Buffer.concat([bind('', 's9', 'x'), execute(''), SYNC]), 3)
  late.data(SERVER, Buffer.concat([BOUND, row('8'), tag('SELECT 1'), ready()]), 4)
  const said = late.end(5)
  assert.deepEqual(lines(said), [['answer without request', 'SELECT 1', 'ok'], ['execute s9', 'SELECT 1', 'ok']])
  assert.deepEqual(said.messages.map((m) => m['notes']), [['the request was not captured'], ['the statement was prepared before the capture, or is no longer remembered']])
  assert.deepEqual(listener.end(1).messages, [])
})

test('a loss in the answer costs that answer; the next pair is whole', () => {
  const listener = new Listener(postgres)
  const steps = talk(...login(), [CLIENT, query('SELECT 1')])
  for (const { side, bytes, at } of steps) listener.data(side, bytes, at)
  listener.gap(SERVER, 90, 1_010_000)
  listener.data(SERVER, ready(), 1_010_000)
  for (const { side, bytes, at } of talk([CLIENT, query('SELECT 2')], [SERVER, columns(['a', 23]), row('2'), tag('SELECT 1'), ready()])) listener.data(side, bytes, at)
  const said = listener.end(2)
  assert.deepEqual(said.messages.map((m) => [m['what'], m['complete']]), [['login app@shop', true], ['SELECT 1', false], ['SELECT 2', true]])
})

test('too many waiting operations: the oldest are given up, the answers still find theirs', () => {
  const listener = new Listener(postgres)
  for (const { side, bytes, at } of talk(...login())) listener.data(side, bytes, at)
  const count = MAX_WAITING_OPERATIONS + 2
  for (let i = 0; i < count; i++) listener.data(CLIENT, Buffer.concat([parse('', `SELECT ${i}`), bind('', ''), execute('')]), 2_000_000 + i)
  listener.data(CLIENT, SYNC, 3_000_000)
  for (let i = 0; i < count; i++) listener.data(SERVER, Buffer.concat([PARSED, BOUND, row(String(i)), tag('SELECT 1')]), 4_000_000)
  listener.data(SERVER, ready(), 4_000_000)
  const said = listener.end(5)
  const givenUp = said.messages.filter((m) => (m['notes'] as string[]).some((note) => note.startsWith('given up')))
  assert.deepEqual(givenUp.map((m) => m['what']), ['SELECT 0', 'SELECT 1'])
  assert.deepEqual(said.messages.at(-1)!['what'], `SELECT ${count - 1}`)
  assert.match(JSON.stringify(said.messages.at(-1)!['response']), new RegExp(`"column1":"${count - 1}"`))
})

test('an answer that does not fit is said, and the next pair is whole', () => {
  const said = listen(postgres, talk(...login(), [CLIENT, parse('', 'SELECT 1'), SYNC], [SERVER, BOUND, ready()],
    [CLIENT, query('SELECT 2')], [SERVER, tag('SELECT 0'), ready()]))
  assert.deepEqual(said.messages.map((m) => m['complete']), [true, false, true])
})

test('a version that is negotiated, a login that fails', () => {
  const said = listen(postgres, talk([CLIENT, startup('user', 'a', '_pq_.x', '1')],
    [SERVER, message('v', u32(196608), u32(1), text('_pq_.x')), error('28P01', 'password authentication failed', 'FATAL')]))
  assert.deepEqual(lines(said), [['login a', '28P01', 'client-error']])
  assert.deepEqual((said.messages[0]!['response'] as { negotiated: object }).negotiated, { version: '3.0', unknownOptions: ['_pq_.x'] })
})

test('executions of one statement with one tag are alike; failed ones, and those of a statement that took its name, are not', () => {
  const alike: unknown[] = []
  const whats: unknown[] = []
  const dissector = postgres.open({ message: (m) => { alike.push(m.likeness); whats.push(m.what) }, malformed() {}, switchTo() {}, disown() {} }, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, details: false })
  const say = (client: Buffer[], server: Buffer[]): void => {
    dissector.data(CLIENT, Buffer.concat(client), 1)
    dissector.data(SERVER, Buffer.concat(server), 2)
  }
  for (const { side, bytes } of talk(...login())) dissector.data(side, bytes, 0)
  for (const query of ['SELECT 1', 'SELECT 2']) {
    say([close('S', 's1'), parse('s1', query), SYNC], [CLOSED, PARSED, ready()])
    for (const rows of [1, 1, 0]) say([bind('', 's1', 'x'), execute(''), SYNC], [BOUND, tag(`SELECT ${rows}`), ready()])
    say([bind('', 's1', 'x'), execute(''), SYNC], [BOUND, error('22012', 'division by zero'), ready()])
  }
  const executed = (at: number): unknown[] => alike.slice(at, at + 4)
  const from = whats.indexOf('SELECT 1')
  const again = whats.indexOf('SELECT 2')
  for (const at of [from, again]) {
    const [one, two, other, failed] = executed(at)
    assert.ok(one !== undefined && one === two && other !== undefined && other !== one && failed === undefined)
  }
  assert.notEqual(alike[from], alike[again])
})
