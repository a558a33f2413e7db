import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, plainMessage } from '../contract.fixture.ts'
import type { Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { NO_REDACTION } from '../redaction.ts'
import { answer, ask, handover } from '../websocket/samples.fixture.ts'
import { websocket } from '../websocket/websocket.ts'
import { MAX_SUBSCRIPTIONS, WANTED_MESSAGE_BYTES } from './limits.ts'

interface Half { kind: string, body?: { json?: unknown }, graphql?: Record<string, unknown> }
interface Shown { protocol: string, what: string, status: string, outcome: string, notes: string[], complete: boolean, request?: Half, response?: Half }
interface Heard { messages: Shown[], heldBytes: number }

function hear(steps: readonly Step[], subprotocol = 'graphql-transport-ws', settings: Settings = DEFAULT_SETTINGS): Heard {
  const messages: Shown[] = []
  const dissector = websocket.open({ message: (m) => { messages.push(plainMessage(m) as unknown as Shown) }, malformed() {}, switchTo() {}, disown() {} }, settings, handover('', '/graphql', subprotocol))
  for (const { side, bytes, at } of steps) dissector.data(side, bytes, at)
  const heldBytes = dissector.heldBytes!
  for (const side of [CLIENT, SERVER] as const) dissector.end(side, 9e6)
  return { messages, heldBytes }
}

const up = (value: unknown): Step => ask(JSON.stringify(value))
const down = (value: unknown): Step => answer(JSON.stringify(value))
const lines = ({ messages }: Heard): string[] => messages.map(({ what, status, outcome }) => `${what}: ${status}, ${outcome}`)
const QUERY = 'subscription OnCart($id: ID!) { cart(id: $id) { total } }'

test('operations are named, and so are the answers to them', () => {
  const heard = hear([
    up({ type: 'connection_init', payload: { authToken: 'hush' } }), down({ type: 'connection_ack' }),
    up({ id: 'a', type: 'subscribe', payload: { query: QUERY, operationName: 'OnCart', variables: { id: '7' } } }),
    up({ id: 'b', type: 'subscribe', payload: { query: '{ version }' } }),
    down({ id: 'a', type: 'next', payload: { data: { cart: { total: 1 } } } }),
    down({ id: 'b', type: 'next', payload: { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] } }),
    down({ id: 'b', type: 'complete' }), down({ id: 'b', type: 'next', payload: { data: {} } }),
    down({ id: 'a', type: 'next', payload: { data: { cart: null }, errors: [{ message: 'gone' }] } }),
    down({ id: 'a', type: 'error', payload: [{ message: 'no such cart' }] }), down({ type: 'ping' }), up({ type: 'pong' }),
  ])
  assert.deepEqual(lines(heard), [
    '/graphql ↑ connection_init: connection_init, ok', '/graphql ↓ connection_ack: connection_ack, ok',
    '/graphql ↑ subscribe subscription OnCart: subscribe, ok', '/graphql ↑ subscribe query { version }: subscribe, ok',
    '/graphql ↓ next subscription OnCart: next, ok', '/graphql ↓ next query { version }: no: UNAUTHENTICATED, client-error',
    '/graphql ↓ complete query { version }: complete, ok', '/graphql ↓ next b: next, ok', '/graphql ↓ next subscription OnCart: next, ok',
    '/graphql ↓ error subscription OnCart: no such cart: error, client-error', '/graphql ↓ ping: ping, ok', '/graphql ↑ pong: pong, ok',
  ])
  const [, , subscribe, , next] = heard.messages
  assert.deepEqual(subscribe!.request!.graphql, { message: 'subscribe', id: 'a', type: 'subscription', name: 'OnCart', fields: ['cart'], query: QUERY, variables: { id: '7' } })
  assert.deepEqual(next!.response!.graphql, { message: 'next', id: 'a', operation: 'subscription OnCart', data: { cart: { total: 1 } } })
  assert.deepEqual([subscribe!.request!.body, next!.response!.body], [undefined, undefined])
  assert.deepEqual(heard.messages[8]!.notes, ['graphql: partial data, 1 error'])
  assert.ok(heard.messages.every(({ protocol }) => protocol === 'websocket'))
})

test('the older subprotocol', () => {
  assert.deepEqual(lines(hear([
    up({ type: 'connection_init', payload: {} }), down({ type: 'connection_error', payload: { message: 'who are you' } }), down({ type: 'ka' }),
    up({ id: '1', type: 'start', payload: { query: QUERY } }), down({ id: '1', type: 'data', payload: { data: { cart: {} } } }),
    down({ id: '1', type: 'error', payload: { message: 'broken' } }), up({ id: '1', type: 'stop' }), up({ type: 'connection_terminate' }),
  ], 'graphql-ws')), [
    '/graphql ↑ connection_init: connection_init, ok', '/graphql ↓ connection_error: connection_error, client-error', '/graphql ↓ ka: ka, ok',
    '/graphql ↑ start subscription OnCart: start, ok', '/graphql ↓ data subscription OnCart: data, ok', '/graphql ↓ error subscription OnCart: broken: error, client-error',
    '/graphql ↑ stop 1: stop, ok', '/graphql ↑ connection_terminate: connection_terminate, ok',
  ])
})

test('who somebody is is not shown, unless that is wanted', () => {
  for (const text of ['{"type":"connection_init","payload":{"authToken":"hush","nested":{"a":"hush"}}}', '{"payload":{"authToken":"hush"', 'hush', '["hush"]']) {
    assert.ok(!JSON.stringify(hear([ask(text)]).messages).includes('hush'), text)
    assert.ok(!JSON.stringify(hear([ask(text)], 'graphql-ws', { ...DEFAULT_SETTINGS, bodyLimitBytes: 40 }).messages).includes('hush'), text)
    assert.ok(JSON.stringify(hear([ask(text)], 'graphql-ws', { ...DEFAULT_SETTINGS, redaction: NO_REDACTION }).messages).includes('hush'), text)
  }
  assert.deepEqual(hear([up({ type: 'connection_init', payload: { authToken: 'hush' } })]).messages[0]!.request!.graphql, { message: 'connection_init', payload: { authToken: '[redacted]' } })
  const hiding = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_SETTINGS.redaction, texts: ['OnCart', 'cart', '7'] } }
  const said = JSON.stringify(hear([up({ id: '7', type: 'subscribe', payload: { query: QUERY, variables: { id: '7' } } }), down({ id: '7', type: 'next', payload: { data: { cart: 7 } } }), down({ id: '7', type: 'cart', payload: 'cart' })], undefined, hiding).messages.map(({ what, status, request, response }) => [what, status, request?.graphql, response?.graphql]))
  assert.ok(!/OnCart|cart|7/.test(said), said)
})

test('where no bodies are wanted the operation is named all the same, values are left out', () => {
  const settings = { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 }
  const long = `${QUERY.slice(0, -1)} ${'field '.repeat(400)} }`
  const { messages } = hear([up({ type: 'connection_init' }), up({ type: 'subscribe', id: 'a', payload: { query: long, variables: { x: 1 } } })], undefined, settings)
  assert.deepEqual([messages[1]!.what, messages[1]!.request!.graphql], ['/graphql ↑ subscribe subscription OnCart', { message: 'subscribe', id: 'a', type: 'subscription', name: 'OnCart', fields: ['cart', ...Array.from({ length: 15 }, () => 'field')] }])
  const cut = hear([up({ type: 'connection_init' }), up({ type: 'subscribe', id: 'a', payload: { query: long + ' '.repeat(WANTED_MESSAGE_BYTES) } })], undefined, settings).messages[1]!
  assert.deepEqual([cut.what, cut.notes], ['/graphql ↑ subscribe subscription OnCart', ['graphql: only the beginning of the message was read']])
})

test('other subprotocols and what is not of GraphQL stay WebSocket', () => {
  const steps = [up({ type: 'subscribe', id: 'a', payload: { query: QUERY } })]
  assert.equal(hear(steps, 'shop.v2').messages[0]!.request!.graphql, undefined)
  for (const value of [{ type: 'subscribe', payload: { query: 'SELECT 1' } }, { type: 7 }, [], 'x', { type: 'next', payload: 7 }]) {
    assert.equal(hear([up({ type: 'connection_init' }), up(value)]).messages[1]!.request!.graphql, undefined, JSON.stringify(value))
  }
})

test('operations that run are remembered up to a number', () => {
  const many = Array.from({ length: MAX_SUBSCRIPTIONS + 5 }, (_, i) => up({ type: 'subscribe', id: `${i}${'x'.repeat(500)}`, payload: { query: `query Q${i}${'x'.repeat(5000)} { a }` } }))
  const { messages, heldBytes } = hear([...many, down({ type: 'next', id: `4${'x'.repeat(500)}`, payload: {} }), down({ type: 'next', id: `5${'x'.repeat(500)}`, payload: {} })])
  assert.deepEqual(messages.slice(-2).map(({ response }) => String(response!.graphql!['operation']).slice(0, 8)), ['undefine', 'query Q5'])
  assert.ok(heldBytes > 0 && heldBytes < 1024 * 1024)
})

const odd = fc.oneof(fc.constantFrom(null, 1, 'x', [], {}, [{}], { query: QUERY }, { query: 7 }, { errors: 1 }, { errors: [1, null, {}] }, { data: null }), fc.jsonValue({ maxDepth: 2 }))
const value = fc.record({ type: fc.constantFrom<unknown>('subscribe', 'start', 'next', 'data', 'error', 'complete', 'connection_init', 'constructor', '__proto__', 7), id: fc.constantFrom<unknown>('a', 'b', '__proto__', 1), payload: odd }, { requiredKeys: [] })

test('nearly right messages never throw, and read the same however they are cut', () => {
  const step = fc.tuple(fc.boolean(), value, fc.nat(200)).map(([isClient, sent, lost]) => {
    const text = JSON.stringify(sent)
    return (isClient ? ask : answer)(lost < 60 ? text.slice(0, -lost - 1) : text)
  })
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }), (steps, cuts) => {
    const said = ({ messages }: Heard): unknown => messages.map(({ what, status, outcome, notes, request, response }) => [what, status, outcome, notes, request?.graphql, response?.graphql])
    assert.deepEqual(said(hear(cutSteps(steps, cuts))), said(hear(steps)))
  }), { numRuns: 300 })
})
