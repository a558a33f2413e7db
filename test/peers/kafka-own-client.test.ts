// What tshark 4.0 is too old for: the newest versions, as Kafka's own client 4.1 speaks them with a broker 4.1.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { JsonMessage } from '../../src/tap/json-line.ts'
import { tapMessages } from './tap-messages.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))

interface Record { offset: number, timestampMs: number, key: string | null, value: string | null, headers?: object[], control?: string }
interface Partition { partition: number, records?: { count: number, batches: { compression: string, transactional?: true, records: Record[] }[] } }
interface Fields { topics?: { topic?: string, topicId?: string, partitions: Partition[] }[] }

async function messagesOf(scene: string): Promise<JsonMessage[]> {
  const { messages, health } = await tapMessages(join(FIXTURES, `kafka-${scene}.pcap`))
  assert.equal(health.malformedBytes, 0)
  return messages.map(({ message }) => message)
}

const fieldsOf = (half: object | undefined): Fields => (half as { fields: Fields }).fields
const partitionsOf = (half: object | undefined): Partition[] => fieldsOf(half).topics!.flatMap((topic) => topic.partitions)
const whats = (messages: readonly JsonMessage[]): string[] => messages.map(({ what, status }) => `${what}: ${status}`)

for (const scene of ['produce', 'classic', 'consumer', 'transactions', 'admin', 'sasl', 'kcat']) {
  test(`kafka-${scene}: every field is known and takes exactly its bytes`, async () => {
    const messages = await messagesOf(scene)
    assert.ok(messages.length > 10)
    for (const { protocol, complete, notes = [], what } of messages) {
      assert.equal(protocol, 'kafka')
      assert.ok(complete, what)
      assert.deepEqual(notes.filter((note) => !note.includes('acks is 0')), [], what)
    }
  })
}

test('records read alike whatever they are compressed with', async () => {
  const produced = (await messagesOf('produce')).filter(({ what }) => what.endsWith('5 records'))
  const batches = produced.map(({ request }) => partitionsOf(request).find(({ partition }) => partition === 0)!.records!.batches[0]!)
  assert.deepEqual(batches.map(({ compression }) => compression), ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
  for (const { compression, records } of batches) {
    const note = 'again and '.repeat(8)
    assert.deepEqual(records, Array.from({ length: 4 }, (_, i) => ({
      offset: i, timestampMs: 1_700_000_000_000 + i, key: i === 3 ? null : `order-${i}`, value: `{"kind":"${compression}","note":"${note}","price":"1${i} €"}`,
      headers: [{ name: 'trace', value: `t-${i}` }, { name: 'raw', base64: 'AAH/' }, { name: 'nothing', value: null }],
    })))
  }
})

test('topic ids get the names that another connection asked for', async () => {
  const fetched = (await messagesOf('consumer')).find(({ what }) => what === 'Fetch items[0] 3 records')!
  const topic = fieldsOf(fetched.response).topics![0]!
  assert.equal(topic.topic, 'items')
  assert.match(topic.topicId!, /^[\w-]{22}$/)
})

test('both group protocols are followed from joining to leaving', async () => {
  const classic = whats(await messagesOf('classic'))
  for (const what of ['JoinGroup readers-classic: MEMBER_ID_REQUIRED', 'JoinGroup readers-classic: OK', 'SyncGroup readers-classic: OK',
    'OffsetFetch readers-classic items[0]: OK', 'OffsetCommit readers-classic items[0]: OK', 'LeaveGroup readers-classic: OK']) assert.ok(classic.includes(what), what)
  assert.ok(whats(await messagesOf('consumer')).includes('ConsumerGroupHeartbeat readers-consumer items: OK'))
})

test('transactions show how they end', async () => {
  const messages = await messagesOf('transactions')
  const lines = whats(messages)
  for (const what of ['InitProducerId till-1: OK', 'TxnOffsetCommit audit items[0]: OK', 'EndTxn till-1 commit: OK', 'EndTxn till-1 abort: OK']) assert.ok(lines.includes(what), what)
  const fetched = messages.find(({ what }) => what === 'Fetch orders[0] 2 records')!
  const records = partitionsOf(fetched.response)[0]!.records!.batches.flatMap((batch) => batch.records)
  assert.deepEqual(records.map(({ value, control }) => control ?? value), ['committed', 'commit', 'aborted', 'abort'])
})

test('passwords of SASL are not shown, users are', async () => {
  const messages = await messagesOf('sasl')
  const text = JSON.stringify(messages)
  for (const secret of ['open sesame', 'guess', Buffer.from('\0alice\0open sesame').toString('base64'), 'n,,n=bob']) assert.ok(!text.includes(secret), secret)
  const logins = whats(messages).filter((what) => what.startsWith('SaslAuthenticate '))
  for (const login of ['SaslAuthenticate alice: OK', 'SaslAuthenticate bob: OK', 'SaslAuthenticate mallory: SASL_AUTHENTICATION_FAILED']) assert.ok(logins.includes(login), login)
})
