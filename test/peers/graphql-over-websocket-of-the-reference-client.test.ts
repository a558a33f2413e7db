import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { tapMessages } from './tap-messages.ts'

/** graphql-ws at both ends, with ws and graphql-js below: `npm run fixtures -- graphql-ws`. */
const CAPTURE = fileURLToPath(new URL('../fixtures/captures/graphql-ws.pcap', import.meta.url))

const LINES = [
  '↑ connection_init: connection_init, ok', '↓ connection_ack: connection_ack, ok',
  '↑ subscribe subscription Down: subscribe, ok', ...Array.from({ length: 3 }, () => '↓ next subscription Down: next, ok'), '↓ complete subscription Down: complete, ok',
  '↑ subscribe query { version }: subscribe, ok', '↓ next query { version }: next, ok', '↓ complete query { version }: complete, ok',
  '↑ subscribe mutation Add: subscribe, ok', '↓ next mutation Add: next, ok', '↓ complete mutation Add: complete, ok',
  '↑ subscribe query { secret }: subscribe, ok', '↓ next query { secret }: who are you: UNAUTHENTICATED, client-error', '↓ complete query { secret }: complete, ok',
  '↑ subscribe query { nothing }: subscribe, ok', '↓ error query { nothing }: Cannot query fi…: error, client-error',
  '↑ subscribe subscription { forever }: subscribe, ok', '↓ next subscription { forever }: next, ok', '↑ complete subscription { forever }: complete, ok',
]

interface Shown { graphql?: Record<string, unknown> }

test('what the reference client asked over a WebSocket, and how the reference server answered', async () => {
  const { messages } = await tapMessages(CAPTURE)
  const said = messages.map(({ message }) => message).filter(({ protocol }) => protocol === 'websocket')
  const lines = said.map(({ what, status, outcome }) => `${what.replace('/graphql ', '')}: ${String(status)}, ${outcome}`)
  assert.deepEqual(lines.slice(0, LINES.length), LINES)
  assert.ok(said.every(({ complete }) => complete))
  const operations = said.flatMap(({ request, response }) => [(request as Shown | undefined)?.graphql, (response as Shown | undefined)?.graphql]).filter((one) => one !== undefined)
  assert.deepEqual(operations[2], {
    message: 'subscribe', id: 'op-1', type: 'subscription', name: 'Down', fields: ['countdown'], query: 'subscription Down($from: Int!) { countdown(from: $from) }', variables: { from: 2 },
  })
  assert.deepEqual(operations.slice(3, 6), [2, 1, 0].map((countdown) => ({ message: 'next', id: 'op-1', operation: 'subscription Down', data: { countdown } })))
})

test('what says who the client is is not shown, and a refused one is told', async () => {
  const { messages } = await tapMessages(CAPTURE)
  const shown = messages.map(({ message: { what, status, request, response } }) => JSON.stringify({ what, status, request, response }))
  assert.ok(shown.some((text) => text.includes('"authToken":"[redacted]"')))
  assert.ok(!shown.some((text) => text.includes('hush') || text.includes('wrong')))
  assert.match(messages.map(({ message }) => message.what).join('\n'), /↑ connection_init\n\/graphql ↓ close 4403: Forbidden/)
})
