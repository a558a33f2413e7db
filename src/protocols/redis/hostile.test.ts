import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Step } from '../contract.fixture.ts'
import { listen } from '../contract.fixture.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { redis } from './redis.ts'
import { answer, ask, command } from './samples.fixture.ts'
import { splitInline } from './inline.ts'

const side = fc.constantFrom(CLIENT, SERVER)

/** Pieces of RESP put together as they come: nearly right, which is worse than random. */
const fragment = fc.oneof(
  fc.constantFrom('*2\r\n', '*-1\r\n', '*?\r\n', '$3\r\n', '$?\r\n', ';2\r\nab\r\n', ';0\r\n', '.\r\n', '|1\r\n', '%1\r\n', '>2\r\n', '_\r\n', '#t\r\n', ',1.5\r\n', '(12\r\n', '=5\r\ntxt:a\r\n',
    '!3\r\nERR\r\n', '+OK\r\n', '-ERR no\r\n', ':1\r\n', '\r\n', '\r', '\n', 'GET\r\n', 'abc', '"', '\\x', '$99999999999\r\n', '*99999999\r\n', '$-2\r\n', '+QUEUED\r\n'),
  fc.constantFrom('MULTI', 'EXEC', 'SUBSCRIBE', 'UNSUBSCRIBE', 'MONITOR', 'PSYNC', 'SYNC', 'RESET', 'QUIT').map((name) => command(name)),
  fc.constantFrom(command('SUBSCRIBE', 'a', 'b'), command('CLIENT', 'REPLY', 'OFF'), command('CLIENT', 'REPLY', 'SKIP'), command('REPLCONF', 'ACK', '1'), command('CONFIG', 'GET', 'x'),
    '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n', '>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n', `+FULLRESYNC ${'a'.repeat(40)} 0\r\n`, '$EOF:', '*2\r\n+OK\r\n-ERR no\r\n'),
  fc.string({ maxLength: 8, unit: 'binary-ascii' }),
)
const soup = fc.array(fc.record({ side, pieces: fc.array(fragment, { minLength: 1, maxLength: 12 }) }), { minLength: 1, maxLength: 10 })
  .map((parts) => parts.map(({ side: of, pieces }): Step => ({ ...ask(pieces.join(''), 7), side: of })).filter((step) => step.bytes.length > 0))

test('nearly right bytes never throw, and what is incomplete says why', () => {
  fc.assert(fc.property(soup, (steps) => {
    for (const m of listen(redis, [ask('PING\r\n', 7), answer('+PONG\r\n', 7), ...steps]).messages) assert.ok(m['complete'] === true || (m['notes'] as string[]).length > 0)
  }), { numRuns: 600 })
})

test('whole commands and replies of any content come back as they were', () => {
  const words = fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(words, (list) => {
    const bytes = ['ECHO', ...list].map((word) => Buffer.from(word).toString('latin1'))
    const reply = `*${bytes.length}\r\n${bytes.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
    const [m] = listen(redis, [ask(command(...bytes)), answer(reply)]).messages
    const plain = list.map((word) => word.includes('\0') ? { base64: Buffer.from(word).toString('base64') } : word)
    assert.deepEqual((m!['request'] as { arguments: unknown }).arguments, plain)
    assert.deepEqual((m!['response'] as { value: unknown }).value, ['ECHO', ...plain])
  }), { numRuns: 200 })
})

test('words of inline commands', () => {
  assert.deepEqual(splitInline('SET k "a \\"b\\" \\x41\\n"\r\n'), ['SET', 'k', 'a "b" A\n'])
  assert.deepEqual(splitInline('  set  k \'it\\\'s\' '), ['set', 'k', 'it\'s'])
  assert.deepEqual(splitInline('set k "open end'), ['set', 'k', '"open end'])
  assert.deepEqual(splitInline('\r\n'), [])
})

test('joined in the middle: what is searched for is not invented', () => {
  const late = [answer('rest of a value\r\n$3\r\nabc\r\n', 1), ask(command('GET', 'k'), 2), answer('$1\r\nv\r\n', 3)]
  const said = listen({ ...redis, open: (sink, settings) => { const d = redis.open(sink, settings); d.joinedLate?.(); return d } }, late)
  assert.deepEqual(said.messages.map((m) => [m['what'], m['status'], m['complete']]), [['GET k', 'OK', true]])
})
