import assert from 'node:assert/strict'
import test from 'node:test'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Listener, listen } from '../contract.fixture.ts'
import type { Said } from '../contract.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { NO_REDACTION } from '../redaction.ts'
import { DEPRECATE_EOF, PLUGIN_AUTH, PROTOCOL_41, QUERY_ATTRIBUTES, SECURE_CONNECTION } from './capabilities.ts'
import { FULL_PACKET_BYTES } from './limits.ts'
import { mysql } from './mysql.ts'
import { SAMPLES, bytes, column, eof, error, greeting, login, loginPacket, ok, packet, query, sized, talk, u16, u24, u32 } from './samples.fixture.ts'

const lines = (said: Said): unknown[] => said.messages.map((m) => [m['what'], m['status'], m['outcome']])
const sample = (index: number): Said => listen(mysql, SAMPLES[index]!.steps)
const late = (): Listener => new Listener({ ...mysql, open: (sink, settings) => { const d = mysql.open(sink, settings); d.joinedLate?.(); return d } })

test('one message a command, with all its results', () => {
  assert.deepEqual(lines(sample(0)), [
    ['login app@shop', 'OK', 'ok'], ['SELECT id, name FROM items', '2 rows', 'ok'], ['CALL twice()', 'OK 3', 'ok'], ['SELECT broken', 1054, 'client-error'],
    ['ping', 'OK', 'ok'], ['use shop', 'OK', 'ok'], ['statistics', 'OK', 'ok'], ['field list items', '0 rows', 'ok'],
  ])
  assert.deepEqual((sample(0).messages[1]!['response'] as { results: { rows: unknown }[] }).results[0]!.rows, [{ id: 1, name: 'Grüße' }, { id: 2, name: null }])
})

test('prepared statements: the execution shows its text, its parameters and its rows', () => {
  const said = sample(1)
  assert.deepEqual(lines(said).slice(1), [
    ['prepare: SELECT ? AS n, ? AS t', 'OK', 'ok'], ['SELECT ? AS n, ? AS t', '1 row', 'ok'], ['SELECT ? AS n, ? AS t', 1210, 'client-error'],
    ['reset statement 1', 'OK', 'ok'], ['execute statement 9', 1243, 'client-error'],
  ])
  const [first, second] = said.messages.slice(2).map((m) => (m['request'] as { parameters: unknown }).parameters)
  assert.deepEqual(first, [{ value: 41, type: 'int' }, { value: 'abc', type: 'varchar' }])
  assert.deepEqual(second, [{ value: null, type: 'int' }, { type: 'varchar', longDataBytes: 11 }])
})

test('an authentication in steps shows the steps and no secret', () => {
  const [m] = sample(2).messages
  assert.deepEqual((m!['response'] as { authenticationSteps: unknown }).authenticationSteps, ['switch to caching_sha2_password', 'full authentication requested', 'public key'])
  assert.doesNotMatch(JSON.stringify(m), /scrambled|encrypted|secret/)
  assert.match(JSON.stringify(listen(mysql, SAMPLES[2]!.steps, { ...DEFAULT_SETTINGS, redaction: NO_REDACTION }).messages[0]), /secret.*scrambled.*encrypted/)
})

test('compressed packets, a stream, TLS, a refusal', () => {
  assert.deepEqual(lines(sample(3)).slice(1).map((line) => (line as unknown[])[1]), ['2 rows', '2 rows'])
  assert.deepEqual(lines(sample(4)).slice(1), [['binlog dump', 'OK', 'ok'], ['binlog dump stream', 'streaming', 'info']])
  assert.equal(sample(5).switchedTo, 'tls')
  assert.equal(Buffer.concat(sample(5).handedOver[0]).toString('latin1'), '\x16\x03\x01\x00\x05hello')
  assert.deepEqual(lines(sample(6)), [['refused connection', 1040, 'server-error']])
})

test('without a body limit nothing is kept of rows, and the line still works', () => {
  const said = listen(mysql, SAMPLES[0]!.steps, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 })
  assert.deepEqual(lines(said), lines(sample(0)))
  assert.equal((said.messages[1]!['response'] as { results: { rows?: object }[] }).results[0]!.rows, undefined)
})

test('attributes of a query are read, and its text behind them', () => {
  const capabilities = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | QUERY_ATTRIBUTES | DEPRECATE_EOF
  const body = packet(0, bytes(3, 1, 1, 0, 1), u16(253), sized('trace'), sized('abc'), Buffer.from('SELECT 1'))
  const said = listen(mysql, talk([SERVER, greeting()], [CLIENT, loginPacket(capabilities)], [SERVER, ok(2)], [CLIENT, body], [SERVER, ok(1)]))
  assert.deepEqual(said.messages[1]!['request'], { command: 'query', query: 'SELECT 1', queryBytes: 8, attributes: [{ name: 'trace', value: 'abc', type: 'varchar' }] })
})

test('a packet of 16 MiB goes on in the next, both ways', () => {
  const listener = new Listener(mysql)
  for (const { side, bytes: piece, at } of talk(...login())) listener.data(side, piece, at)
  const megabyte = Buffer.alloc(1 << 20, 'x')
  const full = (sequence: number, head: Uint8Array): Buffer[] => [Buffer.concat([u24(FULL_PACKET_BYTES), bytes(sequence), head, megabyte.subarray(0, (1 << 20) - 1 - head.length)]), ...Array.from({ length: 15 }, () => megabyte)]
  for (const piece of [...full(0, Buffer.from("\x03SELECT '")), packet(1, Buffer.from("'"))]) listener.data(CLIENT, piece, 2_000_000)
  for (const piece of [Buffer.concat([packet(2, bytes(1)), column(3, 'a', 252), eof(4)]), ...full(5, bytes(0xfd, 0xff, 0xff, 0xff)), packet(6, Buffer.from('end')), eof(7)]) listener.data(SERVER, piece, 2_000_100)
  const said = listener.end(3)
  assert.deepEqual(said.malformed, [])
  assert.deepEqual([said.messages[1]!['status'], said.messages[1]!['complete']], ['1 row', true])
  assert.equal((said.messages[1]!['request'] as { queryBytes: number }).queryBytes, FULL_PACKET_BYTES)
})

test('joined late: commands from the start of a chunk, answers behind them', () => {
  const listener = late()
  listener.data(SERVER, Buffer.from('rest of a row'), 1)
  listener.data(CLIENT, Buffer.from('half a statement'), 2)
  listener.data(SERVER, ok(1), 3)
  for (const { side, bytes: piece, at } of SAMPLES[0]!.steps.slice(3)) listener.data(side, piece, at)
  const said = listener.end(9)
  assert.deepEqual(lines(said), lines(sample(0)).slice(1))
})

test('a loss costs the pair that it hits, and the next one is whole', () => {
  for (const side of [CLIENT, SERVER] as const) {
    const listener = new Listener(mysql)
    for (const { side: of, bytes: piece, at } of talk(...login(), [CLIENT, query('SELECT 1')])) listener.data(of, piece, at)
    listener.gap(side, 40, 2_000_000)
    if (side === CLIENT) listener.data(SERVER, ok(1), 2_000_000)
    for (const { side: of, bytes: piece, at } of talk([CLIENT, query('SELECT 2')], [SERVER, ok(1)])) listener.data(of, piece, at)
    const said = listener.end(5)
    assert.deepEqual(said.messages.map((m) => [m['what'], m['complete']]), [['login app@shop', true], ['SELECT 1', side === CLIENT], ['SELECT 2', true]])
    assert.ok((said.messages[2]!['notes'] as string[]).includes('bytes before it were lost') || (said.messages[1]!['notes'] as string[]).length > 0)
  }
})

test('an answer out of order, an error that nobody asked for', () => {
  const out = listen(mysql, talk(...login(), [CLIENT, query('SELECT 1')], [SERVER, ok(4)], [CLIENT, query('SELECT 2')], [SERVER, ok(1)]))
  assert.deepEqual(out.messages.map((m) => m['complete']), [true, false, true])
  assert.equal(out.malformed.length, 1)
  const idle = listen(mysql, talk(...login(), [SERVER, error(0, 4031, '08S01', 'disconnected by inactivity')]))
  assert.deepEqual(lines(idle).at(-1), ['ERROR: disconnected by inactivity', 4031, 'server-error'])
  assert.equal(idle.messages.at(-1)!['complete'], true)
})

test('the statement of MariaDB\'s -1 is the one prepared last', () => {
  const said = listen(mysql, talk(...login(), [CLIENT, packet(0, bytes(0x16), Buffer.from('SELECT 7'))], [SERVER, packet(1, bytes(0), u32(5), u16(0), u16(0), bytes(0), u16(0))],
    [CLIENT, packet(0, bytes(0x17), u32(0xffff_ffff), bytes(0), u32(1))], [SERVER, ok(1)]))
  assert.equal(said.messages[2]!['what'], 'SELECT 7')
})
