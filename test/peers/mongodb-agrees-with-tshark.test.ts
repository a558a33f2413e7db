import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Message } from '../../src/model/message.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { NO_REDACTION } from '../../src/protocols/redaction.ts'
import type { FrameView } from '../../src/protocols/mongodb/view.ts'
import { jsonText } from '../../src/base/json-text.ts'
import { tapFile } from '../../src/tap/offline.ts'
import { need } from '../require.ts'
import { CAPTURES } from './capture-list.ts'
import { tsharkVersion } from './pdml.ts'

const FOLDER = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const FIXTURES = ['mongodb-driver', 'mongodb-zlib', 'mongodb-plain']
const OTHERS = ['deepflow/mongo.pcap', 'deepflow/mongo-msg.pcap', 'nDPI/mongodb.pcap']
const FIELDS = ['mongo.message_length', 'mongo.request_id', 'mongo.response_to', 'mongo.element.value.string']
const SEPARATOR = '\u0001'

interface Seen { ids: string[], texts: string[] }

async function messagesOf(path: string, redaction = NO_REDACTION): Promise<Message[]> {
  const messages: Message[] = []
  await tapFile(path, { settings: { ...DEFAULT_SETTINGS, redaction } }, { message: (_flow, m) => { if (m.protocol === 'mongodb') messages.push(m) } }, () => {})
  return messages
}

/** Texts of BSON are those that stand under no name of Extended JSON. */
function addTexts(texts: string[], value: unknown): void {
  // Integers beyond the exact ones are digits.
  if (typeof value === 'string') texts.push(.../^\d{16,}$/.test(value) ? [] : [value])
  else if (Array.isArray(value)) value.forEach((one) => addTexts(texts, one))
  else if (value !== null && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) if (!/^\$(?:oid|date|binary|uuid|regularExpression|numberDecimal)$/.test(name)) addTexts(texts, inner)
  }
}

async function ours(path: string): Promise<Seen> {
  const seen: Seen = { ids: [], texts: [] }
  for (const message of await messagesOf(path)) {
    for (const view of [message.request, message.response] as (FrameView | undefined)[]) {
      if (view === undefined) continue
      seen.ids.push([view.bytes, view.requestId >>> 0, (view.responseTo ?? 0) >>> 0].join(' '))
      addTexts(seen.texts, [view.body, Object.values(view.sequences ?? {}), view.documents])
    }
  }
  return { ids: seen.ids.toSorted(), texts: seen.texts.toSorted() }
}

function theirs(path: string): Seen {
  const fields = FIELDS.flatMap((field) => ['-e', field])
  const args = ['-n', '-r', path, '-d', 'tcp.port==27017,mongo', '-d', 'tcp.port==3717,mongo', '-d', 'tcp.port==30000,mongo', '-Y', 'mongo', '-T', 'fields', '-E', `aggregator=${SEPARATOR}`]
  const seen: Seen = { ids: [], texts: [] }
  const text = execFileSync('tshark', [...args, ...fields], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  for (const row of text.split('\n').slice(0, -1)) {
    const [sizes, ids, responses, texts] = row.split('\t').map((cell) => cell === '' ? [] : cell.split(SEPARATOR))
    // -1 and 0 both stand for no request.
    seen.ids.push(...sizes!.map((size, i) => [size, ids![i], responses![i] === '0xffffffff' ? 0 : responses![i]].map(Number).join(' ')))
    seen.texts.push(...texts!)
  }
  return { ids: seen.ids.toSorted(), texts: seen.texts.toSorted() }
}

for (const name of FIXTURES) {
  test(`${name} (the real driver, a scripted server): what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = `${FOLDER}${name}.pcap`
    const seen = await ours(path)
    assert.ok(seen.ids.length > 20)
    assert.deepEqual(seen, theirs(path))
  })
}

for (const name of OTHERS) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'captures', existsSync(`${CAPTURES}/${name}`), 'the folder ../shared/captures')) return
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    assert.deepEqual(await ours(`${CAPTURES}/${name}`), theirs(`${CAPTURES}/${name}`))
  })
}

test('what only looks like MongoDB is left alone', async (t) => {
  const path = `${CAPTURES}/nDPI/mongo_false_positive.pcapng`
  if (!need(t, 'captures', existsSync(path), 'the folder ../shared/captures')) return
  assert.deepEqual(await messagesOf(path), [])
})

test('the driver with compression says the same as without', async () => {
  const shown = async (name: string): Promise<string[]> => (await messagesOf(`${FOLDER}${name}.pcap`)).filter((m) => !/hello|endSessions/.test(m.what)).map((m) => `${m.what} ${m.status ?? ''}`)
  assert.deepEqual(await shown('mongodb-zlib'), await shown('mongodb-driver'))
})

test('the password of a log-in is in no field', async () => {
  const all = await messagesOf(`${FOLDER}mongodb-plain.pcap`, DEFAULT_SETTINGS.redaction)
  const said = all.map((m) => jsonText([m.what, m.request ?? null, m.response ?? null])).join('\n')
  const secret = Buffer.from('\0ann\0open-sesame')
  assert.ok(all.some((m) => m.what.startsWith('saslStart')))
  assert.ok(!said.includes('open-sesame') && !said.includes(secret.toString('base64')))
})
