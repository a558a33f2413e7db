import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from '../model/message.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { MAX_NESTED } from './conversation-nested.ts'
import { Conversation } from './conversation.ts'
import { http1 } from './http1/http1.ts'
import type { Dissector, Nested, Protocol, Sink } from './protocol.ts'
import { DEFAULT_SETTINGS } from './protocol.ts'

/** A protocol that passes everything behind its first byte, `#`, to a conversation within; the ALPN is what the test says. */
function wrapping(alpn: string | undefined, depths: (Nested | undefined)[]): Protocol {
  return {
    name: 'wrapping', spec: 'https://example.org', ports: [],
    probe: (client) => client.length === 0 ? 'more' : client[0] === 0x23 ? 'yes' : 'no',
    open: (sink: Sink): Dissector => {
      const inside = sink.nested?.(alpn)
      depths.push(inside)
      let first = true
      return {
        data(side, chunk, at) {
          const from = first && side === CLIENT ? 1 : 0
          if (side === CLIENT) first = false
          if (chunk.length > from) inside?.dataIn(side, chunk, from, chunk.length, at)
        },
        gap: (side, bytes, at) => { inside?.gap(side, bytes, at) },
        end: (side, at) => { inside?.end(side, at) },
      }
    },
  }
}

function say(alpn: string | undefined, client: string, server: string): { messages: Message[], depths: (Nested | undefined)[] } {
  const messages: Message[] = []
  const depths: (Nested | undefined)[] = []
  const conversation = new Conversation({ message: (m) => { messages.push(m) }, malformed() {} }, {
    protocols: [wrapping(alpn, depths), http1], settings: DEFAULT_SETTINGS, serverPort: 1, joinedLate: () => false,
  })
  conversation.data(CLIENT, Buffer.from(client), 1)
  if (server !== '') conversation.data(SERVER, Buffer.from(server), 2)
  conversation.end(CLIENT, 3)
  conversation.end(SERVER, 3)
  return { messages, depths }
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n'

test('what is inside is found by ALPN or by content, and marked', () => {
  for (const alpn of ['http/1.1', undefined, 'mtlscope']) {
    const [message] = say(alpn, `#${REQUEST}`, ANSWER).messages
    assert.deepEqual([message?.protocol, message?.what, message?.status, message?.decrypted], ['http1', 'GET /', 204, true])
    assert.equal((message!.request as { method: string }).method, 'GET')
  }
})

test('what nobody claims inside is still mentioned', () => {
  const [message] = say(undefined, '#\x00\x01\x02 nothing known', '').messages
  assert.deepEqual([message?.protocol, message?.decrypted], ['tcp', true])
})

test('conversations nest so deep and no deeper', () => {
  const { depths } = say(undefined, '#'.repeat(MAX_NESTED + 2) + REQUEST, ANSWER)
  assert.equal(depths.filter((nested) => nested !== undefined).length, MAX_NESTED)
  assert.equal(depths.at(-1), undefined)
})
