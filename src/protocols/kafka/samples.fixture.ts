import { gzipSync } from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { Bytes, batchBytes, encodeRequest, encodeResponse, messageBytes } from './encode.fixture.ts'

export const ask = (bytes: Uint8Array, at = 1000): Step => ({ side: CLIENT, bytes, at })
export const answer = (bytes: Uint8Array, at = 1500): Step => ({ side: SERVER, bytes, at })

const TOPIC_ID = Buffer.from('0123456789abcdef').toString('base64url')

/** A request and its answer on the wire. */
function pair(key: number, version: number, id: number, asked: object, answered: object, at: number): Step[] {
  return [
    ask(encodeRequest(key, version, id, 'shop', asked as Record<string, unknown>), at),
    answer(encodeResponse(key, version, id, answered as Record<string, unknown>), at + 300),
  ]
}

const three = [{ key: 'k1', value: '{"n":1}', headers: { trace: 'abc' } }, { key: null, value: 'zwei €' }, { key: 'k3', value: Buffer.from([0, 255]) }]

const old: Sample = {
  name: 'versions without compact fields',
  steps: [
    ...pair(18, 0, 1, {}, { apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 7 }, { apiKey: 99, maxVersion: 1 }] }, 1000),
    ...pair(3, 1, 2, { topics: [{ topic: 'orders' }] }, {
      brokers: [{ nodeId: 1, host: 'kafka-0', port: 9092, rack: null }], controllerId: 1,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, leaderId: 1, replicaNodes: [1, 2], isrNodes: [1] }] }],
    }, 2000),
    ...pair(0, 7, 3, { acks: -1, timeoutMs: 30000, topics: [{ topic: 'orders', partitions: [{ partition: 0, records: batchBytes(three) }] }] },
      { topics: [{ topic: 'orders', partitions: [{ partition: 0, baseOffset: '9007199254740993' }] }] }, 3000),
    ...pair(1, 11, 4, { maxWaitMs: 500, topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 3 }] }] },
      { topics: [{ topic: 'orders', partitions: [{ partition: 0, highWatermark: 6, records: Buffer.concat([batchBytes(three), batchBytes(three, { baseOffset: 3 })]) }] }] }, 4000),
    ...pair(2, 1, 5, { topics: [{ topic: 'none', partitions: [{ partition: 7, timestamp: -1 }] }] },
      { topics: [{ topic: 'none', partitions: [{ partition: 7, error: 3, offset: -1 }] }] }, 5000),
  ],
}

const flexible: Sample = {
  name: 'compact fields, tags and topic ids',
  steps: [
    ...pair(18, 3, 1, { clientSoftwareName: 'librdkafka', clientSoftwareVersion: '2.3.0' },
      { apiKeys: [{ apiKey: 1, maxVersion: 17 }], finalizedFeaturesEpoch: 7, supportedFeatures: [{ name: 'group.version', maxVersion: 1 }] }, 1000),
    ...pair(3, 12, 2, { topics: null }, { clusterId: 'c', topics: [{ topic: 'orders', topicId: TOPIC_ID, partitions: [{ partition: 0, leaderId: 1 }] }] }, 2000),
    ...pair(0, 9, 3, { acks: 1, topics: [{ topic: 'orders', partitions: [
      { partition: 0, records: batchBytes(three, { compression: 1, pack: (bytes) => gzipSync(bytes) }) }, { partition: 1, records: batchBytes(three.slice(1)) }] }] },
    { topics: [{ topic: 'orders', partitions: [{ partition: 0, baseOffset: 9 }, { partition: 1, error: 6, currentLeader: { leaderId: 2, leaderEpoch: 4 } }] }] }, 3000),
    ...pair(1, 13, 4, { sessionId: 0, topics: [{ topicId: TOPIC_ID, partitions: [{ partition: 0, fetchOffset: 3 }] }], clusterId: 'c' },
      { sessionId: 5, topics: [{ topicId: TOPIC_ID, partitions: [{ partition: 0, records: batchBytes(three) }] }] }, 4000),
    ...pair(1, 13, 5, { sessionId: 5, sessionEpoch: 1 }, { sessionId: 5 }, 5000),
  ],
}

const pipelined: Sample = {
  name: 'pipelined in one segment',
  steps: [
    ask(Buffer.concat([5, 6, 7].map((id) => encodeRequest(12, 3, id, 'shop', { groupId: 'readers', generationId: id, memberId: 'm' }))), 1000),
    answer(Buffer.concat([5, 6].map((id) => encodeResponse(12, 3, id, { error: id === 6 ? 27 : 0 }))), 1100),
    answer(encodeResponse(12, 3, 7, {}), 1200),
  ],
}

const subscription = new Bytes().int(1, 2).int(1, 4).int(6, 2).text('orders').int(-1, 4).int(0, 4).whole

const groups: Sample = {
  name: 'a group',
  steps: [
    ...pair(10, 4, 1, { keyType: 0, coordinatorKeys: ['readers'] }, { coordinators: [{ key: 'readers', nodeId: 1, host: 'kafka-0', port: 9092 }] }, 1000),
    ...pair(11, 7, 2, { groupId: 'readers', protocolType: 'consumer', protocols: [{ name: 'range', metadata: subscription }] }, { error: 79, memberId: 'm-1' }, 2000),
    ...pair(14, 5, 3, { groupId: 'readers', memberId: 'm-1', protocolType: 'consumer', assignments: [{ memberId: 'm-1', assignment: Buffer.alloc(0) }] },
      { assignment: new Bytes().int(0, 2).int(1, 4).int(6, 2).text('orders').int(2, 4).int(0, 4).int(1, 4).int(-1, 4).whole }, 3000),
    ...pair(8, 8, 4, { groupId: 'readers', topics: [{ topic: 'orders', partitions: [{ partition: 1, committedOffset: 42, committedMetadata: '' }] }] },
      { topics: [{ topic: 'orders', partitions: [{ partition: 1 }] }] }, 4000),
    ...pair(68, 0, 5, { groupId: 'readers', subscribedTopicNames: ['orders'], memberId: 'x' }, { assignment: { topicPartitions: [{ topicId: TOPIC_ID, partitions: [0] }] } }, 5000),
    ...pair(13, 4, 6, { groupId: 'readers', members: [{ memberId: 'm-1', groupInstanceId: null }] }, { members: [{ memberId: 'm-1' }] }, 6000),
  ],
}

const sasl: Sample = {
  name: 'SASL, with and without headers',
  steps: [
    ...pair(17, 1, 1, { mechanism: 'PLAIN' }, { mechanisms: ['PLAIN'] }, 1000),
    ...pair(36, 2, 2, { authBytes: '\0alice\0wonderland' }, { error: 58, errorMessage: 'no', authBytes: '' }, 2000),
    ...pair(17, 0, 3, { mechanism: 'PLAIN' }, { mechanisms: ['PLAIN'] }, 3000),
    ask(new Bytes().int(17, 4).text('\0alice\0wonderland').whole, 3500),
    answer(new Bytes().int(0, 4).whole, 3600),
    ...pair(3, 0, 4, {}, {}, 4000),
  ],
}

const messageSets: Sample = {
  name: 'message sets, and an answer that is not wanted',
  steps: [
    ...pair(0, 2, 1, { acks: 1, topics: [{ topic: 'old', partitions: [{ partition: 0, records: Buffer.concat([messageBytes(0, 1, 0, 'a', 'b'), messageBytes(1, 1, 0, null, 'c')]) }] }] },
      { topics: [{ topic: 'old', partitions: [{ partition: 0, baseOffset: 5 }] }] }, 1000),
    ask(encodeRequest(0, 7, 2, 'shop', { acks: 0, topics: [{ topic: 'old', partitions: [{ partition: 0, records: messageBytes(0, 0, 0, null, 'gone') }] }] }), 2000),
    ...pair(1, 3, 3, { topics: [{ topic: 'old', partitions: [{ partition: 0 }] }] }, { topics: [{ topic: 'old', partitions: [{ partition: 0,
      records: messageBytes(9, 1, 1, null, gzipSync(Buffer.concat([messageBytes(0, 1, 0, 'x', 'y'), messageBytes(1, 1, 0, 'z', null)]))) }] }] }, 3000),
  ],
}

const unanswered: Sample = {
  name: 'cut off',
  steps: [
    ask(encodeRequest(3, 9, 1, null, { topics: [{ topic: 'orders' }] }), 1000),
    answer(encodeResponse(3, 9, 1, { clusterId: 'long enough to be cut' }).subarray(0, 20), 1100),
    ask(encodeRequest(22, 4, 2, 'shop', { transactionalId: 't-1' }), 1200),
  ],
}

export const SAMPLES: readonly Sample[] = [old, flexible, pipelined, groups, sasl, messageSets, unanswered]
