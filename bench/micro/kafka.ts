// What it costs to read Kafka: records in MB a second (bytes on the wire, and uncompressed), messages in nanoseconds a pair.
//   node bench/micro/kafka.ts [--ms 400]
import { parseArgs } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Message } from '../../src/model/message.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'
import { Conversation } from '../../src/protocols/conversation.ts'
import { batchBytes, encodeRequest, encodeResponse } from '../../src/protocols/kafka/encode.fixture.ts'
import { kafka } from '../../src/protocols/kafka/kafka.ts'
import { parseBatches } from '../../src/protocols/kafka/record-batch.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { redactorOf } from '../../src/protocols/redaction.ts'

const ROUNDS = 5
const SEGMENT_BYTES = 1448
const { values } = parseArgs({ options: { ms: { type: 'string', default: '400' } } })
const redactor = redactorOf(DEFAULT_SETTINGS.redaction)
let kept = 0

/** Nanoseconds of CPU for one `work`, the median of some rounds. */
function cost(work: () => void): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const start = process.cpuUsage()
    const until = performance.now() + Number(values.ms) / ROUNDS
    let count = 0
    for (; performance.now() < until; count++) work()
    const { user, system } = process.cpuUsage(start)
    return (user + system) * 1000 / count
  })
  return rounds.slice(1).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
}

function records(sizeBytes: number): { key: string, value: string, headers?: Record<string, string> }[] {
  const value = `{"id":123456,"name":"a thing in a cart","tags":["a","b"],"note":"${'lorem ipsum dolor '.repeat(Math.ceil(sizeBytes / 18))}`.slice(0, sizeBytes)
  return Array.from({ length: Math.ceil(400_000 / sizeBytes) }, (_, i) => ({ key: `key-${i}`, value, headers: { trace: '00-4bf92f3577b34da6' } }))
}

for (const sizeBytes of [100, 300, 1000, 10_000]) {
  const plain = batchBytes(records(sizeBytes))
  const budget = () => ({ bytes: 1e9, limitBytes: 1e9, redactor })
  for (const [name, compression, pack] of [['none', 0, undefined], ['gzip', 1, gzipSync], ['zstd', 4, zstdCompressSync]] as const) {
    const bytes = pack === undefined ? plain : batchBytes(records(sizeBytes), { compression, pack: (b) => pack(b) })
    const ns = cost(() => { kept += parseBatches(bytes, false, budget())[0]!.records.length })
    console.log(`records of ${String(sizeBytes).padStart(6)} bytes, ${name}: ${Math.round(plain.length * 1000 / ns).toString().padStart(6)} MB/s of records`)
  }
}

const READERS: Readonly<Record<string, (m: Message) => number>> = {
  'a line': (m) => m.what.length + (m.elapsedMicros ?? 0) + String(m.status).length + m.outcome.length + m.notes.length,
  'JSON': (m) => JSON.stringify([m.what, m.status, m.request, m.response, m.notes]).length,
}

/** The bytes as segments, as they are captured. */
function segments(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / SEGMENT_BYTES) }, (_, i) => bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES))
}

const topic = (partition: object): object => ({ topics: [{ topic: 'orders', partitions: [{ partition: 0, ...partition }] }] })
const TRAFFIC: Readonly<Record<string, readonly [Buffer, Buffer]>> = {
  'Heartbeat': [encodeRequest(12, 3, 1, 'shop', { groupId: 'readers', memberId: 'member-1' }), encodeResponse(12, 3, 1, {})],
  'Produce, 1 record': [encodeRequest(0, 9, 1, 'shop', { acks: -1, ...topic({ records: batchBytes(records(300).slice(0, 1)) }) }), encodeResponse(0, 9, 1, topic({}) as Record<string, unknown>)],
  'Fetch, nothing new': [encodeRequest(1, 12, 1, 'shop', { sessionId: 5, sessionEpoch: 9 }), encodeResponse(1, 12, 1, { sessionId: 5 })],
  'Fetch, 1 MB': [encodeRequest(1, 11, 1, 'shop', topic({}) as Record<string, unknown>),
    encodeResponse(1, 11, 1, topic({ records: Buffer.concat(Array.from({ length: 64 }, () => batchBytes(records(300).slice(0, 50)))) }) as Record<string, unknown>)],
}

for (const [name, [request, response]] of Object.entries(TRAFFIC)) {
  for (const [reader, read] of Object.entries(READERS)) {
    const settings = { ...DEFAULT_SETTINGS, bodyLimitBytes: reader === 'JSON' ? DEFAULT_SETTINGS.bodyLimitBytes : 0 }
    const conversation = new Conversation({ message: (m) => { kept += read(m) }, malformed: () => { throw new Error('malformed') } },
      { protocols: [kafka], settings, serverPort: 9092, joinedLate: () => false })
    const [asked, answered] = [segments(request), segments(response)]
    let at = 1_000_000
    const ns = cost(() => {
      for (const piece of asked) conversation.data(CLIENT, piece, at += 10)
      for (const piece of answered) conversation.data(SERVER, piece, at += 10)
    })
    const mega = response.length > 100_000 ? `, ${Math.round((request.length + response.length) * 1000 / ns)} MB/s` : ''
    console.log(`${name.padEnd(20)} read: ${reader.padEnd(7)} ${Math.round(ns).toString().padStart(8)} ns a pair${mega}`)
  }
}
if (kept === 0) process.exitCode = 1
