import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { KeyLogs } from '../../src/capture/key-logs.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { alertName } from '../../src/protocols/tls/alerts.ts'
import { jsonLine } from '../../src/tap/json-line.ts'
import type { JsonMessage } from '../../src/tap/json-line.ts'
import { tapFile } from '../../src/tap/offline.ts'
import { need } from '../require.ts'
import { tsharkVersion } from './pdml.ts'

const FOLDER = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const BODY_LIMIT_BYTES = 1024 * 1024
const FIELDS = [
  'tcp.stream', 'tcp.srcport', 'tls.handshake.type', 'tls.handshake.extensions_alpn_str', 'tls.alert_message.desc', 'x509af.serialNumber',
  'http.request.method', 'http.request.uri', 'http.response.code', 'http.file_data', 'http2.headers.method', 'http2.headers.path', 'http2.headers.status',
]
const CERTIFICATE_REQUEST = '13'
const FINISHED = '20'
const KEY_UPDATE = '24'

/** What both sides of the comparison say of one connection. */
interface Connection {
  requests: string[]
  /** Status, and the body where it is text. */
  responses: string[]
  alpn: string | undefined
  /** Serial numbers of the certificates that each side showed. */
  certificates: [string[], string[]]
  certificateRequested: boolean
  finished: [boolean, boolean]
  /** The last alert of each side. */
  alerts: [string | undefined, string | undefined]
  keyUpdates: [number, number]
}

function connection(): Connection {
  return {
    requests: [], responses: [], alpn: undefined, certificates: [[], []], certificateRequested: false, finished: [false, false], alerts: [undefined, undefined],
    keyUpdates: [0, 0],
  }
}

function tsharkConnections(path: string, keyLog: string | undefined): Connection[] {
  const options = keyLog === undefined ? [] : ['-o', `tls.keylog_file:${keyLog}`]
  const text = execFileSync('tshark', ['-n', '-2', '-r', path, ...options, '-d', 'tcp.port==8443,tls', '-d', 'tcp.port==15006,tls', '-T', 'fields', '-E', 'aggregator=|',
    ...FIELDS.flatMap((name) => ['-e', name])], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] })
  const all: Connection[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const [stream, port, ...fields] = line.split('\t') as [string, string, ...string[]]
    takeFrame(all[Number(stream)] ??= connection(), port === '8443' || port === '15006' ? 1 : 0, fields)
  }
  return all
}

function takeFrame(c: Connection, side: 0 | 1, fields: readonly string[]): void {
  const [types = [], alpn = [], alerts = [], serials = [], method = [], uri = [], code = [], body = [], method2 = [], path2 = [], status2 = []] =
    fields.map((field) => field === '' ? [] : field.split('|'))
  if (side === 1) c.alpn = alpn.at(-1) ?? c.alpn
  if (alerts.length > 0) c.alerts[side] = alertName(Number(alerts.at(-1)))
  c.certificates[side].push(...serials)
  c.certificateRequested ||= types.includes(CERTIFICATE_REQUEST)
  c.finished[side] ||= types.includes(FINISHED)
  c.keyUpdates[side] += types.filter((type) => type === KEY_UPDATE).length
  c.requests.push(...method.map((word, i) => `${word} ${uri[i]}`), ...method2.map((word, i) => `${word} ${path2[i]}`))
  c.responses.push(...code.map((status) => `${status} ${ascii(unescaped(body.join('|')))}`), ...status2)
}

/** tshark writes what it takes for text as bytes: what is not ASCII does not survive. */
function ascii(text: string): string {
  return text.replaceAll(/[^\n\r\t -~]/g, '')
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([nrt\\])/g, (_, letter: string) => ({ n: '\n', r: '\r', t: '\t', '\\': '\\' })[letter]!)
}

interface Certificates { leaf?: { serial: string }, chain?: { serial: string }[] }
interface Facts {
  kind?: string, certificate?: Certificates, finished?: boolean, alpn?: string, certificateRequested?: boolean, close?: string, keyUpdates?: number
  body?: { text?: string, json?: unknown }
}

function textOf({ body }: Facts): string {
  return body?.text ?? (body?.json === undefined ? '' : JSON.stringify(body.json))
}

async function tapConnections(path: string, keyLog: string | undefined): Promise<{ connections: Connection[], messages: JsonMessage[] }> {
  const messages: JsonMessage[] = []
  const keyLogs = new KeyLogs(keyLog === undefined ? [] : [keyLog])
  await tapFile(path, { settings: { ...DEFAULT_SETTINGS, bodyLimitBytes: BODY_LIMIT_BYTES }, keyLogs }, {
    message: (flow, m) => messages.push(JSON.parse(jsonLine(flow, m)) as JsonMessage),
  }, () => {})
  keyLogs.close()
  const byFlow = new Map<string, Connection>()
  for (const m of messages) {
    const c = byFlow.get(m.flow) ?? connection()
    byFlow.set(m.flow, c)
    if (m.protocol === 'tls') takeTls(c, m)
    else {
      assert.equal(m.decrypted, true)
      c.requests.push(m.what)
      if (m.response !== undefined) c.responses.push(m.protocol === 'http1' ? `${m.status} ${ascii(textOf(m.response as Facts))}` : `${m.status}`)
    }
  }
  return { connections: [...byFlow].sort(([a], [b]) => Number(a) - Number(b)).map(([, c]) => c), messages }
}

function takeTls(c: Connection, m: JsonMessage): void {
  const halves = [m.request, m.response] as [Facts | undefined, Facts | undefined]
  for (const side of [0, 1] as const) {
    const half = halves[side]
    if (half?.kind === 'closed') {
      if (half.close !== 'no alert') c.alerts[side] = half.close
      c.keyUpdates[side] = half.keyUpdates ?? 0
      continue
    }
    const { leaf, chain = [] } = half?.certificate ?? {}
    c.certificates[side].push(...(leaf === undefined ? [] : [leaf, ...chain]).map(({ serial }) => serial.toLowerCase()))
    c.finished[side] ||= half?.finished ?? false
  }
  c.alpn ??= halves[1]?.alpn
  c.certificateRequested ||= halves[1]?.certificateRequested ?? false
}

const names = readdirSync(FOLDER).filter((file) => /^decrypted-.*\.pcap(ng)?$/.test(file)).toSorted()
for (const file of names) {
  test(`${file}: what tshark reads with the same secrets`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = join(FOLDER, file)
    const beside = path.replace(/\.pcap$/, '.keylog')
    const keyLog = existsSync(beside) && beside !== path ? beside : undefined
    const { connections } = await tapConnections(path, keyLog)
    assert.deepEqual(connections, tsharkConnections(path, keyLog))
  })
}

test('the fixtures are there', () => {
  assert.ok(names.length >= 8)
})

/** Every HTTP message of a fixture is complete, and each connection has one. */
for (const file of names) {
  test(`${file}: reads like a clear capture`, async () => {
    const path = join(FOLDER, file)
    const beside = path.replace(/\.pcap$/, '.keylog')
    const { messages } = await tapConnections(path, existsSync(beside) && beside !== path ? beside : undefined)
    const http = messages.filter((m) => m.protocol.startsWith('http'))
    assert.ok(http.length > 0 && http.every((m) => m.status !== undefined && m.complete), JSON.stringify(http.map((m) => [m.what, m.status, m.notes])))
  })
}

test('two Envoys: the SPIFFE ids of both ends, which is the proof of mTLS', async () => {
  const { messages } = await tapConnections(join(FOLDER, 'decrypted-envoy.pcapng'), undefined)
  const ids = (half: object | undefined): unknown => (half as { certificate?: { leaf?: { spiffeId?: string } } }).certificate?.leaf?.spiffeId
  const handshake = messages.find((m) => m.what.includes('handshake'))!
  assert.deepEqual([ids(handshake.request), ids(handshake.response)], ['spiffe://shop.example/web', 'spiffe://shop.example/cart'])
  assert.equal((handshake.response as Facts).certificateRequested, true)
})
