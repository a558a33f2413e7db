import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { listen } from '../contract.fixture.ts'
import { memcached } from './memcached.ts'
import { answer, ask, withValue } from './samples.fixture.ts'

const side = fc.constantFrom(CLIENT, SERVER)

/** Pieces that nearly fit together. */
const fragment = fc.constantFrom('get a\r\n', 'gets a b\r\n', 'set a 0 0 3\r\n', 'abc\r\n', 'set a 0 0 99999999999\r\n', 'set a 0 0 9999999999\r\n', 'mg a v q k\r\n', 'mn\r\n', 'ms a 2 q\r\n', 'xy\r\n', 'incr n 1\r\n',
  'delete a noreply\r\n', 'watch\r\n', 'quit\r\n', 'VALUE a 0 3\r\n', 'END\r\n', 'EN\r\n', 'MN\r\n', 'HD k\r\n', 'VA 2 ka\r\n', 'STAT a b\r\n', 'ts=1 a=b\r\n', 'OK\r\n', '15\r\n', 'ERROR\r\n', 'CLIENT_ERROR x\r\n', '\r\n', '\n', '\r', ' ', '\0', '\xff')

test('nearly right lines never throw, and what is incomplete says why', () => {
  const soup = fc.array(fc.record({ side, pieces: fc.array(fragment, { minLength: 1, maxLength: 10 }) }), { minLength: 1, maxLength: 10 })
  fc.assert(fc.property(soup, (parts) => {
    const steps = parts.map(({ side: of, pieces }): Step => ({ ...ask(pieces.join(''), 7), side: of }))
    for (const m of listen(memcached, [ask('mn\r\n', 7), answer('MN\r\n', 7), ...steps]).messages) assert.ok(m['complete'] === true || (m['notes'] as string[]).length > 0)
  }), { numRuns: 500 })
})

test('values of any bytes come back as they were', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (value) => {
    const raw = Buffer.from(value).toString('latin1')
    const [, m] = listen(memcached, [ask('mn\r\n'), answer('MN\r\n'), ask('get k\r\n'), answer(`${withValue(`VALUE k 0 ${value.length}`, raw)}END\r\n`)]).messages
    const [shown] = (m!['response'] as { values: { value?: string, base64?: string }[] }).values
    assert.deepEqual(shown!.value === undefined ? Buffer.from(shown!.base64!, 'base64') : Buffer.from(shown!.value), Buffer.from(value))
  }), { numRuns: 200 })
})

test('what is no memcached from its first line is left to others', () => {
  assert.ok(listen(memcached, [ask('\x16\x03\x01\r\n')]).disowned)
})

test('joined in the middle: only certain lines are believed', () => {
  const late = { ...memcached, open: (...args: Parameters<typeof memcached.open>) => { const d = memcached.open(...args); d.joinedLate?.(); return d } }
  const said = listen(late, [answer('rest of a value\r\nEND\r\n', 1), ask('get k\r\n', 2), answer(`${withValue('VALUE k 0 1', 'x')}END\r\n`, 3)])
  assert.deepEqual(said.messages.map((m) => [m['what'], m['status'], m['complete']]), [['answer without command', 'OK', false], ['get k', 'hit', true]])
})
