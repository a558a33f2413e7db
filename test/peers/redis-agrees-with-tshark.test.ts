import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Message } from '../../src/model/message.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { NO_REDACTION } from '../../src/protocols/redaction.ts'
import { tapFile } from '../../src/tap/offline.ts'
import { need } from '../require.ts'
import { CAPTURES } from './capture-list.ts'
import { tsharkVersion } from './pdml.ts'

const FOLDER = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))

/** tshark 4.0 reads RESP2 only, and inline commands and snapshots not at all; what is made of those is said below, by hand. */
const FIXTURES = ['redis-types', 'redis-secrets', 'redis-pipe', 'redis-cluster']
const OTHERS = ['deepflow/redis-debug.pcap', 'tcpdump/resp_1_benchmark.pcap', 'zeek/pipeline-with-commands.pcap', 'zeek/excessive-pipelining.pcap', 'tcpdump/resp_2_inline.pcap']

const FIELDS = ['tcp.srcport', 'tcp.dstport', 'resp.bulk_string.value', 'resp.string', 'resp.error', 'resp.integer']

/** What is said on one connection, sorted: the words of the commands, texts and errors and numbers of the replies. */
interface Spoken { words: string[], texts: string[], errors: string[], numbers: string[] }

interface View { command?: string, arguments?: unknown[], value?: unknown, error?: { code: string, message: string }, inline?: boolean }

const newSpoken = (): Spoken => ({ words: [], texts: [], errors: [], numbers: [] })

function sorted(connections: Map<string, Spoken>): Record<string, Spoken> {
  const all = [...connections].map(([port, s]) => [port, { words: s.words.toSorted(), texts: s.texts.toSorted(), errors: s.errors.toSorted(), numbers: s.numbers.toSorted() }])
  return Object.fromEntries(all.toSorted(([a], [b]) => String(a).localeCompare(String(b)))) as Record<string, Spoken>
}

async function messagesOf(path: string): Promise<{ port: number, message: Message }[]> {
  const messages: { port: number, message: Message }[] = []
  const settings = { ...DEFAULT_SETTINGS, redaction: NO_REDACTION }
  await tapFile(path, { settings }, { message: (flow, message) => messages.push({ port: flow.client.port, message }) }, () => {})
  return messages
}

function addValue(spoken: Spoken, value: unknown): void {
  if (typeof value === 'number') spoken.numbers.push(String(value))
  else if (typeof value === 'string') spoken.texts.push(hex(value))
  else if (Array.isArray(value)) value.forEach((one) => addValue(spoken, one))
  else if (value !== null && typeof value === 'object') {
    const { error, base64 } = value as { error?: { code: string, message: string }, base64?: string }
    if (error !== undefined) spoken.errors.push(`${error.code} ${error.message}`)
    else if (base64 !== undefined) spoken.texts.push(Buffer.from(base64, 'base64').toString('hex'))
    else Object.entries(value).flat().forEach((one) => addValue(spoken, one))
  }
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

async function ours(path: string): Promise<Record<string, Spoken>> {
  const connections = new Map<string, Spoken>()
  for (const { port, message } of await messagesOf(path)) {
    const spoken = connections.get(String(port)) ?? newSpoken()
    connections.set(String(port), spoken)
    const request = message.request as View | undefined
    const response = message.response as View | undefined
    if (request !== undefined && request.inline === undefined) {
      const words = [...request.command!.split(' '), ...request.arguments!.map((word) => typeof word === 'string' ? word : Buffer.from((word as { base64: string }).base64, 'base64').toString())]
      spoken.words.push(...words.filter(Boolean).map((word) => hex(word.toLowerCase())))
    }
    if (response?.error !== undefined) spoken.errors.push(`${response.error.code} ${response.error.message}`)
    else addValue(spoken, response?.value)
  }
  return sorted(connections)
}

function theirs(path: string): Record<string, Spoken> {
  const connections = new Map<string, Spoken>()
  const options = ['-d', 'tcp.port==7000,resp', '-d', 'tcp.port==7001,resp', '-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field])]
  const text = execFileSync('tshark', ['-n', '-r', path, '-Y', 'resp', ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  for (const [from, to, bulks, strings, errors, numbers] of text.split('\n').slice(0, -1).map((line) => line.split('\t'))) {
    const isClient = Number(from) > Number(to)
    const port = isClient ? from! : to!
    const spoken = connections.get(port) ?? newSpoken()
    connections.set(port, spoken)
    const blobs = bulks!.split(',').filter(Boolean)
    if (isClient) spoken.words.push(...blobs.map((blob) => hex(Buffer.from(blob, 'hex').toString().toLowerCase())))
    else {
      spoken.texts.push(...blobs, ...strings!.split(',').filter(Boolean).map(hex))
      spoken.errors.push(...errors!.split(',').filter(Boolean))
      spoken.numbers.push(...numbers!.split(',').filter(Boolean))
    }
  }
  return sorted(connections)
}

for (const name of FIXTURES) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = `${FOLDER}${name}.pcap`
    assert.deepEqual(await ours(path), theirs(path))
  })
}

for (const name of OTHERS) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'captures', existsSync(`${CAPTURES}/${name}`), 'the folder ../shared/captures')) return
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    assert.deepEqual(await ours(`${CAPTURES}/${name}`), theirs(`${CAPTURES}/${name}`))
  })
}

const linesOf = async (name: string): Promise<string[]> =>
  (await messagesOf(`${FOLDER}${name}.pcap`)).map(({ message: m }) => `${m.what} ${m.status ?? '-'}${m.complete ? '' : ' incomplete'}`)

test('a real replica: handshake, snapshot, what is replicated', async () => {
  assert.deepEqual(await linesOf('redis-replica'), [
    'PING PONG', 'REPLCONF listening-port 6390 OK', 'REPLCONF capa eof capa psync2 OK', 'PSYNC ? -1 OK', 'snapshot (187 bytes) -', 'REPLCONF ACK 0 -',
    'replicated SELECT 0 -', 'replicated SET after … -', 'SET after … OK', 'REPLCONF ACK 54 -',
  ])
})

test('a cluster sends elsewhere', async () => {
  const messages = await messagesOf(`${FOLDER}redis-cluster.pcap`)
  const moved = messages.filter(({ message }) => message.outcome === 'redirect')
  assert.deepEqual(moved.map(({ message }) => [message.what, (message.response as { error: { slot: number, endpoint: string } }).error]), [
    ['GET foo', { code: 'MOVED', message: '12182 10.98.0.2:7001', slot: 12182, endpoint: '10.98.0.2:7001' }],
    ['SET foo …', { code: 'MOVED', message: '12182 10.98.0.2:7001', slot: 12182, endpoint: '10.98.0.2:7001' }],
    ['GET foo', { code: 'MOVED', message: '12182 10.98.0.2:7001', slot: 12182, endpoint: '10.98.0.2:7001' }],
  ])
})

test('sessions of all kinds: transactions, subscriptions, no replies, a broken command', async () => {
  const lines = await linesOf('redis-sessions')
  assert.deepEqual(lines.slice(4, 8), ['MULTI OK', 'SET k … QUEUED', 'LPUSH k … QUEUED', 'EXEC (2 commands) WRONGTYPE'])
  assert.ok(lines.includes('SUBSCRIBE orders news OK'))
  for (const line of ['message orders -', 'invalidate k -', 'BLPOP nothing 0.1 nil', 'CLIENT REPLY SKIP -', 'MONITOR OK', 'GET … ERR incomplete']) assert.ok(lines.includes(line), line)
})
