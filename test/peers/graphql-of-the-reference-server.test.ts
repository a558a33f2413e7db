import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { tapMessages } from './tap-messages.ts'

const CAPTURE = fileURLToPath(new URL('../fixtures/captures/graphql-node.pcap', import.meta.url))

const LINES = [
  'query GetCart 200 ok', 'mutation AddItem 200 ok', 'query { version } 200 ok', 'query { cart } 200 ok', 'query { secret } UNAUTHENTICATED client-error',
  'query { nonsense } error client-error', 'query { nonsense } /strict/graphql 400 client-error', 'persisted GetCart PERSISTED_QUERY_NOT_FOUND client-error',
  'batch of 2: query { version }, query GetCart 200 ok', 'query Second /api/shop 200 ok', 'query GetCart 200 ok', 'query Plain 200 ok', 'mutation Up 200 ok', 'POST /_search 200 ok',
]

test('what curl asked the reference implementation, and how it answered', async () => {
  const { messages } = await tapMessages(CAPTURE)
  assert.deepEqual(messages.map(({ message: m }) => `${m.what} ${m.status} ${m.outcome}`), LINES)
  const errors = (messages[3]!.message.response as { graphql: { errors: { message: string, path: unknown, code?: string }[] } }).graphql.errors
  assert.deepEqual(errors.map(({ message, path, code }) => [message, path, code]), [['owners are not public', ['cart', 'owner'], 'FORBIDDEN'], ['prices are down', ['cart', 'total'], undefined]])
})

test('without bodies the lines are the same', async () => {
  const { messages } = await tapMessages(CAPTURE, { bodyLimitBytes: 0 })
  assert.deepEqual(messages.map(({ message: m }) => `${m.what} ${m.status} ${m.outcome}`), LINES)
})
