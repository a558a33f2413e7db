import assert from 'node:assert/strict'
import test from 'node:test'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Message } from '../../model/message.ts'
import { Listener, listen, plainMessage } from '../contract.fixture.ts'
import { Conversation } from '../conversation.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { batchBytes, encodeRequest, encodeResponse } from './encode.fixture.ts'
import { kafka } from './kafka.ts'
import { SAMPLES, answer, ask } from './samples.fixture.ts'

const lines = (messages: readonly Record<string, unknown>[]): string[] => messages.map(({ what, status, outcome }) => `${String(what)} ${String(status)} ${String(outcome)}`)
const sample = (name: string): string[] => lines(listen(kafka, SAMPLES.find((one) => one.name === name)!.steps).messages)

test('one line for each request', () => {
  assert.deepEqual(sample('versions without compact fields'), [
    'ApiVersions OK ok', 'Metadata orders OK ok', 'Produce orders[0] 3 records OK ok', 'Fetch orders[0] 6 records OK ok',
    'ListOffsets none[7] UNKNOWN_TOPIC_OR_PARTITION client-error',
  ])
  assert.deepEqual(sample('compact fields, tags and topic ids'), [
    'ApiVersions librdkafka 2.3.0 OK ok', 'Metadata all topics OK ok', 'Produce orders[0], orders[1] 5 records NOT_LEADER_OR_FOLLOWER server-error',
    'Fetch orders[0] 3 records OK ok', 'Fetch orders[0] 0 records OK ok',
  ])
  assert.deepEqual(sample('a group'), [
    'FindCoordinator readers OK ok', 'JoinGroup readers MEMBER_ID_REQUIRED client-error', 'SyncGroup readers OK ok', 'OffsetCommit readers orders[1] OK ok',
    'ConsumerGroupHeartbeat readers orders OK ok', 'LeaveGroup readers OK ok',
  ])
  assert.deepEqual(sample('SASL, with and without headers'), [
    'SaslHandshake PLAIN OK ok', 'SaslAuthenticate alice SASL_AUTHENTICATION_FAILED client-error', 'SaslHandshake PLAIN OK ok', 'SaslToken alice OK ok',
    'Metadata OK ok',
  ])
  assert.deepEqual(sample('message sets, and an answer that is not wanted'), [
    'Produce old[0] 2 records OK ok', 'Produce old[0] 1 record undefined none', 'Fetch old[0] 2 records OK ok',
  ])
})

test('with a body limit of 0 the lines are the same, and no record is decoded', () => {
  for (const { name, steps } of SAMPLES.slice(0, 5)) {
    const { messages } = listen(kafka, steps, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 })
    assert.deepEqual(lines(messages), sample(name))
    assert.ok(!JSON.stringify(messages).includes('"batches"'))
  }
})

test('passwords are hidden unless that is not wanted', () => {
  const { steps } = SAMPLES[4]!
  assert.ok(!JSON.stringify(listen(kafka, steps).messages).includes('wonderland'))
  const open = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_SETTINGS.redaction, credentials: false } }
  assert.equal(JSON.stringify(listen(kafka, steps, open).messages).split('wonderland').length, 3)
})

test('settings whose name says that they are secret are hidden', () => {
  const configs = [{ name: 'ssl.keystore.password', value: 'hush' }, { name: 'retention.ms', value: '60000' }]
  const { messages } = listen(kafka, [ask(encodeRequest(44, 1, 1, 'op', { resources: [{ resourceType: 2, resourceName: 'orders', configs }] }))])
  const text = JSON.stringify(messages)
  assert.ok(!text.includes('hush') && text.includes('60000'))
  assert.equal(messages[0]!['what'], 'IncrementalAlterConfigs orders')
})

test('answers out of order find their requests', () => {
  const steps = [1, 2].map((id) => ask(encodeRequest(12, 3, id, 'shop', { groupId: `g${id}` }), id * 100))
  const { messages } = listen(kafka, [...steps, answer(encodeResponse(12, 3, 2, {}), 300), answer(encodeResponse(12, 3, 1, { error: 25 }), 400)])
  assert.deepEqual(lines(messages), ['Heartbeat g2 OK ok', 'Heartbeat g1 UNKNOWN_MEMBER_ID client-error'])
  assert.deepEqual(messages.map(({ elapsedMicros }) => elapsedMicros), [100, 300])
})

test('an answer in version 0 to an ApiVersions that is too new', () => {
  const asked = encodeRequest(18, 4, 1, 'new', {})
  const { messages } = listen(kafka, [ask(asked), answer(encodeResponse(18, 0, 1, { error: 35, apiKeys: [{ apiKey: 18, maxVersion: 3 }] }))])
  assert.equal(messages[0]!['status'], 'UNSUPPORTED_VERSION')
  assert.ok(JSON.stringify(messages[0]!['response']).includes('"api":"ApiVersions"'))
  assert.equal(messages[0]!['complete'], true)
})

test('kinds and versions to come are named by number, with their bytes', () => {
  const coming = encodeRequest(3, 13, 2, 'new', {})
  coming.writeInt16BE(120, 4)
  const newer = encodeRequest(3, 13, 3, 'new', {})
  newer.writeInt16BE(40, 6)
  const { messages } = listen(kafka, [ask(encodeRequest(3, 0, 1, 'new', {})), ask(coming), ask(newer), answer(encodeResponse(12, 0, 3, {}))])
  assert.deepEqual(messages.map(({ what }) => what).toSorted(), ['Metadata', 'Metadata v40', 'api 120 v13'])
  const shown = messages.find(({ what }) => what === 'Metadata v40')!
  assert.ok((shown['notes'] as string[]).includes('request: its version is not known, so its fields are not shown'))
  assert.ok((shown['request'] as { base64: string }).base64.length > 10)
})

test('a hole within records loses bytes, not the place', () => {
  const fetched = encodeResponse(1, 11, 1, { topics: [{ topic: 'orders', partitions: [{ partition: 0, records: batchBytes([{ value: 'x'.repeat(3000) }]) }] }] })
  const listener = new Listener(kafka)
  listener.data(CLIENT, encodeRequest(1, 11, 1, 'shop', { topics: [{ topic: 'orders', partitions: [{ partition: 0 }] }] }), 1)
  listener.data(SERVER, fetched.subarray(0, 1000), 2)
  listener.gap(SERVER, 1500, 2)
  listener.data(SERVER, fetched.subarray(2500), 3)
  listener.data(CLIENT, encodeRequest(12, 3, 2, 'shop', { groupId: 'g' }), 4)
  listener.data(SERVER, encodeResponse(12, 3, 2, {}), 5)
  const { messages, malformed } = listener.end(6)
  assert.deepEqual(malformed, [])
  assert.deepEqual(messages.map(({ what, complete }) => [what, complete]), [['Fetch orders[0] 1 record', false], ['Heartbeat g', true]])
  assert.ok((messages[0]!['notes'] as string[]).includes('response: bytes of it were lost'))
  assert.equal((messages[0]!['response'] as { lostBytes: number }).lostBytes, 1500)
})

test('after a hole the next request and the answers that are waited for are found within segments', () => {
  const listener = new Listener(kafka)
  const beat = (id: number): Buffer => encodeRequest(12, 3, id, 'shop', { groupId: `g${id}`, memberId: 'm' })
  listener.data(CLIENT, beat(1), 1)
  listener.data(SERVER, encodeResponse(12, 3, 1, {}), 2)
  listener.data(CLIENT, beat(2).subarray(0, 10), 3)
  listener.gap(CLIENT, 5000, 3)
  listener.data(CLIENT, Buffer.concat([Buffer.alloc(700, 0x61), beat(3), beat(4)]), 4)
  listener.gap(SERVER, 4000, 4)
  listener.data(SERVER, Buffer.concat([Buffer.alloc(700, 0), encodeResponse(12, 3, 4, {})]), 5)
  const { messages } = listener.end(6)
  assert.deepEqual(messages.map(({ what, complete }) => [what, complete]), [['Heartbeat g1', true], ['Heartbeat g3', false], ['Heartbeat g4', true]])
})

test('joined late, at the start of a segment and with the sides mixed up', () => {
  const found: Message[] = []
  const conversation = new Conversation({ message: (m) => found.push(m), malformed() {} },
    { protocols: [kafka], settings: DEFAULT_SETTINGS, serverPort: 9092, joinedLate: () => true })
  conversation.data(CLIENT, Buffer.from('the end of some answer'), 1)
  conversation.data(SERVER, encodeRequest(12, 3, 900, 'shop', { groupId: 'late', memberId: 'm' }), 2)
  conversation.data(CLIENT, encodeResponse(12, 3, 900, {}), 3)
  conversation.end(CLIENT, 4)
  conversation.end(SERVER, 4)
  assert.equal(conversation.swapped, true)
  assert.deepEqual(lines(found.map(plainMessage)), ['Heartbeat late OK ok'])
})
