import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Message } from '../../model/message.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Conversation } from '../conversation.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { encodeRequest, encodeResponse } from './encode.fixture.ts'
import { kafka } from './kafka.ts'
import { MAX_TOPIC_NAMES } from './limits.ts'
import { TopicNames } from './topic-names.ts'

const ID = Buffer.from('0123456789abcdef').toString('base64url')

test('a name that one broker told is known on connections to others', () => {
  const names = new TopicNames()
  names.of('a').learn(ID, 'orders')
  assert.equal(names.of('b').name(ID), 'orders')
  assert.equal(names.of('b').name('other'), undefined)
})

test('where servers disagree each is believed for itself, and nobody for a third', () => {
  const names = new TopicNames()
  names.of('a').learn(ID, 'orders')
  names.of('b').learn(ID, 'returns')
  assert.deepEqual(['a', 'b', 'c'].map((server) => names.of(server).name(ID)), ['orders', 'returns', undefined])
})

test('the oldest of very many makes room', () => {
  const names = new TopicNames().of('a')
  for (let i = 0; i <= MAX_TOPIC_NAMES; i++) names.learn(`id ${i}`, `topic ${i}`)
  assert.deepEqual([names.name('id 0'), names.name('id 1')], [undefined, 'topic 1'])
})

test('two clusters of one capture that use the same id keep their names', () => {
  const settings = { ...DEFAULT_SETTINGS }
  const said: Message[] = []
  const open = (server: string): Conversation => new Conversation({ message: (m) => { said.push(m) }, malformed() {} },
    { protocols: [kafka], settings, serverPort: 9092, joinedLate: () => false, server: () => server })
  const speak = (connection: Conversation, key: number, version: number, id: number, asked: Record<string, unknown>, answered: Record<string, unknown>): void => {
    connection.data(CLIENT, encodeRequest(key, version, id, 'shop', asked), id)
    connection.data(SERVER, encodeResponse(key, version, id, answered), id + 1)
  }
  for (const [server, topic] of [['10.0.0.1 9092', 'orders'], ['10.0.0.2 9092', 'returns']] as const) {
    speak(open(server), 3, 12, 1, { topics: null }, { topics: [{ topic, topicId: ID, partitions: [] }] })
  }
  for (const server of ['10.0.0.1 9092', '10.0.0.2 9092', '10.0.0.3 9092']) speak(open(server), 1, 13, 9, { sessionEpoch: 0, topics: [{ topicId: ID, partitions: [{ partition: 0 }] }] }, { topics: [] })
  assert.deepEqual(said.slice(2).map(({ what }) => what), ['Fetch orders[0] 0 records', 'Fetch returns[0] 0 records', `Fetch ${ID}[0] 0 records`])
})
