import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NO_REDACTION } from '../../src/protocols/redaction.ts'
import { need } from '../require.ts'
import { tsharkVersion } from './pdml.ts'
import { tapMessages } from './tap-messages.ts'

const FOLDER = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const FIELDS = ['tcp.stream', 'command', 'key', 'flags', 'expiration', 'value.length', 'value', 'cas', 'response', 'version'].map((name) => name.startsWith('tcp') ? name : `memcache.${name}`)

/** tshark 4.0 knows neither these nor meta commands; numbers as answers and errors have no field. */
const UNKNOWN_TO_TSHARK = new Set(['touch', 'gat', 'gats', 'verbosity', 'what', 'ger', 'stats'])
const CODES = new Set(['STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND', 'DELETED', 'OK'])

interface Spoken { asked: string[], values: string[], codes: string[], versions: string[] }
interface Item { key: string, flags: number, valueBytes: number, value?: string, cas?: number }
interface Request extends Partial<Item> { command: string, keys?: string[], exptime?: number, delta?: number }
interface Response { code?: string, version?: string, values?: Item[] }

const newSpoken = (): Spoken => ({ asked: [], values: [], codes: [], versions: [] })
const line = (...words: unknown[]): string => words.map((word) => word ?? '').join('|')

/** Beside a CAS value tshark shows no value; of bytes that are no text it shows those before the first NUL, which here are none. */
const itemLine = ({ key, flags, valueBytes, value, cas }: Item): string => line(key, flags, valueBytes, cas === undefined ? value : '', cas)

async function ours(path: string): Promise<Spoken[]> {
  const streams = new Map<string, Spoken>()
  const { messages } = await tapMessages(path, { redaction: NO_REDACTION })
  for (const { flow, message } of messages) {
    const spoken = streams.get(flow.id) ?? newSpoken()
    streams.set(flow.id, spoken)
    const request = message.request as Request | undefined
    if (request?.command === undefined) continue
    if (!UNKNOWN_TO_TSHARK.has(request.command)) {
      const { command, keys, key, flags, exptime, valueBytes, value, delta, cas } = request
      spoken.asked.push(line(command, keys?.join(',') ?? key, flags, exptime, valueBytes, value ?? delta, cas))
    }
    const { values = [], code, version } = message.response as Response ?? {}
    spoken.values.push(...values.map(itemLine))
    if (code !== undefined && CODES.has(code)) spoken.codes.push(code)
    if (version !== undefined) spoken.versions.push(version)
  }
  return [...streams.values()]
}

function theirs(path: string): Spoken[] {
  const text = execFileSync('tshark', ['-n', '-r', path, '-Y', 'memcache && !memcache.magic', '-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field])], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const streams = new Map<string, Spoken>()
  for (const row of text.split('\n').slice(0, -1)) {
    const [stream, command, key, flags, expiration, length, value, cas, response, version] = row.split('\t') as [string, ...string[]]
    const spoken = streams.get(stream) ?? newSpoken()
    streams.set(stream, spoken)
    if (command !== '' && !command!.startsWith('STAT')) {
      if (!UNKNOWN_TO_TSHARK.has(command!)) spoken.asked.push(line(command, key, flags, expiration, length, value, cas))
    } else if (key !== '') {
      const lists = [key, flags, length, value, cas].map((list) => list!.split(','))
      spoken.values.push(...lists[0]!.map((name, i) => line(name, ...lists.slice(1).map((list) => list[i]))))
    }
    if (CODES.has(response!)) spoken.codes.push(response!)
    if (version !== '') spoken.versions.push(version!)
  }
  return [...streams.values()]
}

for (const name of ['memcached-text', 'memcached-tools', 'memcached-login']) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = `${FOLDER}${name}.pcap`
    const [mine, others] = [await ours(path), theirs(path)]
    assert.deepEqual(mine.filter(({ asked }) => asked.length > 0), others)
  })
}

const linesOf = async (name: string): Promise<string[]> =>
  (await tapMessages(`${FOLDER}${name}.pcap`)).messages.map(({ message: m }) => `${m.what} ${m.status ?? '-'}${m.complete ? '' : ' incomplete'}`)

test('meta commands, which tshark does not know: quiet ones have no answer, mn ends them', async () => {
  assert.deepEqual((await linesOf('memcached-meta')).slice(7), [
    'mg a v q k -', 'mg cart:7 v q k O9 VA', 'mg c v q k -', 'mn MN', 'ms b 1 q -', 'ms b 1 q ME NS', 'ma none q NF', 'md none q NF', 'md b q -', 'mn MN', 'me cart:7 ME', 'me none EN',
  ])
})

test('the binary protocol is named and counted', async () => {
  assert.equal((await linesOf('memcached-tools')).at(-1), 'binary protocol, 2 requests -')
})

test('what a client logs in with is not shown', async () => {
  const { messages } = await tapMessages(`${FOLDER}memcached-login.pcap`)
  assert.doesNotMatch(JSON.stringify(messages.map(({ message }) => message)), /open-sesame|wrong/)
})
