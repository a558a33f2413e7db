// A password within a URL, in whatever a peer says by whatever protocol, stands in nothing that is told of it.
import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from '#property'
import type { JsonRecord } from '../model/api.ts'
import type { FlowInfo } from '../model/flow.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { HEADER, content, method } from '../protocols/amqp/samples.fixture.ts'
import { Conversation } from '../protocols/conversation.ts'
import type { Step } from '../protocols/contract.fixture.ts'
import { answer, ask, chunked } from '../protocols/http1/samples.fixture.ts'
import * as h2 from '../protocols/http2/frames.fixture.ts'
import { batchBytes } from '../protocols/kafka/encode.fixture.ts'
import { parseBatches } from '../protocols/kafka/record-batch.ts'
import { withValue } from '../protocols/memcached/samples.fixture.ts'
import * as mongodb from '../protocols/mongodb/samples.fixture.ts'
import * as mysql from '../protocols/mysql/samples.fixture.ts'
import * as postgres from '../protocols/postgres/samples.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { DEFAULT_REDACTION, NO_REDACTION, redactorOf } from '../protocols/redaction.ts'
import type { RedactionRules } from '../protocols/redaction.ts'
import { bulk, command } from '../protocols/redis/samples.fixture.ts'
import { PROTOCOLS } from '../protocols/registry.ts'
import * as websocket from '../protocols/websocket/samples.fixture.ts'
import { harEntry } from '../store/har.ts'
import { CompactLines } from './compact-line.ts'
import { JsonLines, jsonLine } from './json-line.ts'
import { LineBytes } from './line-bytes.ts'

const FLOW = {
  id: '1', capture: 'pcap', hop: 'clear', firstMicros: 0, client: { ip: '10.0.0.1', port: 1 }, server: { ip: '10.0.0.2', port: 80 },
} as FlowInfo
const SECRET = 'fanary'
/** Base64 of it at each of the three offsets, and its hex. */
const FORMS = [SECRET, 'ZmFuYXJ5', 'ZhbmFye', 'mYW5hcn', '66 61 6e 61', SECRET.toUpperCase()]

/** All that is told: compact lines, JSON in both ways, HAR. */
function told(steps: readonly Step[], redaction: RedactionRules, bodyLimitBytes = 64 * 1024): string {
  const lines = new LineBytes()
  const compact = new CompactLines({ colour: false, utc: true })
  const json = new JsonLines()
  const conversation = new Conversation({
    message(m) {
      const line = jsonLine(FLOW, m)
      lines.line(line)
      lines.line(JSON.stringify(harEntry(JSON.parse(line) as JsonRecord)) ?? '')
      json.add(lines, FLOW, m)
      compact.add(lines, FLOW, m)
    },
    malformed(_, side, what) { lines.line(`${side} ${what}`) },
  }, { protocols: PROTOCOLS, settings: { ...DEFAULT_SETTINGS, redaction, bodyLimitBytes, readAtOnce: true }, serverPort: 0, joinedLate: () => false })
  for (const { side, bytes, at } of steps) conversation.data(side, bytes, at)
  conversation.end(CLIENT, 1e7)
  conversation.end(SERVER, 1e7)
  return Buffer.from(lines.bytes).toString()
}

function assertHidden(name: string, steps: readonly Step[]): void {
  assert.ok(FORMS.some((form) => told(steps, NO_REDACTION).includes(form)), `${name}: the secret is in it`)
  for (const limit of [0, 40, 64 * 1024]) {
    const out = told(steps, DEFAULT_REDACTION, limit)
    for (const form of FORMS) assert.ok(!out.includes(form), `${name}, limit ${limit}: ${out}`)
  }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const typed = (type: string): string => type === '' ? '' : `Content-Type: ${type}\r\n`

function post(type: string, body: string, more = ''): Step[] {
  const bytes = Buffer.from(body, 'latin1')
  return [ask(`POST /a HTTP/1.1\r\n${typed(type)}${more}Content-Length: ${bytes.length}\r\n\r\n${body}`), answer(OK)]
}

const URL = `mongodb://me:${SECRET}@a:27017,b/db`
const ENCODED = encodeURIComponent(URL)

const HTTP: Record<string, readonly Step[]> = {
  'target': [ask(`GET /a?to=${URL} HTTP/1.1\r\n\r\n`), answer(OK)],
  'target, encoded': [ask(`GET /a?to=${ENCODED}&b=c HTTP/1.1\r\n\r\n`), answer(OK)],
  'header': [ask(`GET / HTTP/1.1\r\nX-Upstream: ${URL}\r\n\r\n`), answer(`HTTP/1.1 200 OK\r\nX-To: ${ENCODED}\r\nContent-Length: 0\r\n\r\n`)],
  'reason': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 500 no ${URL}\r\nContent-Length: 0\r\n\r\n`)],
  'trailer': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('x')}0\r\nX: ${URL}\r\n\r\n`)],
  'text': post('text/plain', `see ${URL}, twice ${URL}`),
  'long text': post('text/plain', `${'x'.repeat(300)} ${URL}`),
  'no type': post('', URL),
  'json': post('application/json', JSON.stringify({ a: [URL], n: 1.5 })),
  'json, escaped slashes': post('application/json', JSON.stringify({ a: URL }).replaceAll('/', '\\/')),
  'json, other escapes': post('application/json', `{"a":"mongodb\\u003a//me:\\u0066anary\\u0040a"}`),
  'json in json': post('application/json', JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: URL }) }) })),
  'json that is broken': post('application/json', `{"a":"${URL}",`),
  'json lines': post('application/x-ndjson', `{"a":"${URL}"}\n{"a":"${URL.replaceAll('/', '\\/')}"}`),
  'form': post('application/x-www-form-urlencoded', `a=1&b=${ENCODED}`),
  'form without its type': post('text/plain', `a=1&b=${ENCODED}`),
  'multipart': post('multipart/form-data; boundary=b', `--b\r\nContent-Disposition: form-data; name="x"\r\nX-To: ${URL}\r\n\r\n${URL}\r\n--b--`),
  'events': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${URL.length + 8}\r\n\r\ndata: ${URL}\n\n`)],
  'binary': post('', `\0\xff${URL}\0`),
  'gzip': post('text/plain', gzipSync(URL).toString('latin1'), 'Content-Encoding: gzip\r\n'),
  'protobuf': post('application/protobuf', `\x0a${String.fromCharCode(URL.length)}${URL}\x12\x03abc`),
  'graphql': post('application/json', JSON.stringify({ query: `mutation { a(url: "${URL}") }`, variables: { url: URL } })),
}

for (const [name, steps] of Object.entries(HTTP)) test(`HTTP/1, ${name}`, () => assertHidden(name, steps))

test('HTTP/2 and gRPC', () => {
  const message = Buffer.from(`\x0a${String.fromCharCode(URL.length)}${URL}`, 'latin1')
  const head = (ends: boolean, ...more: h2.Fields): Uint8Array => h2.headers(1, h2.post(`/shop.Cart/Get?to=${ENCODED}`, ['x-to', URL], ...more), ends)
  const said = (body: Uint8Array | string, ...more: h2.Fields): Step[] => [
    { side: CLIENT, at: 1, bytes: h2.bytesOf(h2.preface(), h2.settings(), head(false, ...more), h2.data(1, body, true)) },
    { side: SERVER, at: 2, bytes: h2.bytesOf(h2.settings(), h2.headers(1, h2.status(200, ...more)), h2.data(1, body), h2.headers(1, [['grpc-status', '3'], ['grpc-message', ENCODED]], true)) },
  ]
  assertHidden('HTTP/2', said(URL))
  assertHidden('gRPC', said(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]), ['content-type', 'application/grpc']))
})

test('WebSocket', () => {
  const upgrade = [
    ask('GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'),
    answer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'),
  ]
  assertHidden('WebSocket', [...upgrade, websocket.ask(URL), websocket.answer(JSON.stringify({ a: URL }))])
})

test('Redis and memcached', () => {
  const redis = (...words: string[]): Step[] => [ask(command(...words)), answer(bulk(URL))]
  assertHidden('value', redis('SET', 'k', URL))
  assertHidden('key', redis('GET', URL))
  assertHidden('key that is long', redis('GET', `${'x'.repeat(60)} ${URL} ${'y'.repeat(60)}`))
  assertHidden('script', redis('EVAL', `return '${URL}'`, '0'))
  assertHidden('error', [ask(command('GET', 'k')), answer(`-ERR no ${URL}\r\n`)])
  assertHidden('key of memcached', [ask(`get ${'x'.repeat(20)}mongodb://me:${'p'.repeat(200)}${SECRET}@a\r\n`), answer('END\r\n')])
  assertHidden('memcached', [ask(withValue(`set k 0 0 ${URL.length}`, URL)), answer('STORED\r\n'), ask('get k\r\n'), answer(`VALUE k 0 ${URL.length}\r\n${URL}\r\nEND\r\n`)])
})

test('MongoDB', () => {
  assertHidden('MongoDB', [mongodb.ask(1, { insert: 'a', documents: [{ url: URL, deep: { list: [URL] } }], $db: 'x' }, 1), mongodb.answer(2, 1, { ok: 0, errmsg: `no ${URL}` }, 2)])
})

test('MySQL and PostgreSQL', () => {
  for (const sql of [`SELECT '${URL}'`, `SELECT ${URL}`, `UPDATE t SET a = '${URL}' WHRE`]) {
    assertHidden(sql, mysql.talk(...mysql.login(), [CLIENT, mysql.query(sql)], [SERVER, mysql.error(1, 1064, '42000', `near '${URL}' at line 1`)]))
    assertHidden(sql, postgres.talk(...postgres.login(), [CLIENT, postgres.query(sql)], [SERVER, postgres.error('42601', `syntax error at or near "${URL}"`), postgres.ready('E')]))
  }
  assertHidden('rows of MySQL', mysql.talk(...mysql.login(), [CLIENT, mysql.query('SELECT a')],
    [SERVER, mysql.packet(1, mysql.bytes(1)), mysql.column(2, 'a', 253), mysql.eof(3), mysql.packet(4, mysql.sized(URL)), mysql.eof(5)]))
  assertHidden('rows of PostgreSQL', postgres.talk(...postgres.login(), [CLIENT, postgres.query('SELECT a')], [SERVER, postgres.columns(['a', 25]), postgres.row(URL), postgres.tag('SELECT 1'), postgres.ready()]))
})

test('statements with slips of the pen, and what the server quotes of them', () => {
  for (const sql of [`CREATE USER a IDENTIFED BY '${SECRET}'`, `SET PASWORD = '${SECRET}'`, `CREATE USER a IDENTIFIED BU '${SECRET}'`]) {
    assertHidden(sql, mysql.talk(...mysql.login(), [CLIENT, mysql.query(sql)], [SERVER, mysql.error(1, 1064, '42000', `You have an error in your SQL syntax near 'BU '${SECRET}'' at line 1`)]))
    assertHidden(sql, postgres.talk(...postgres.login(), [CLIENT, postgres.query(sql)], [SERVER, postgres.error('42601', `syntax error at or near "'${SECRET}'"`), postgres.ready('E')]))
  }
})

test('AMQP and Kafka', () => {
  assertHidden('AMQP', [
    ask(HEADER.toString('latin1')), { side: CLIENT, at: 2, bytes: Buffer.concat([method(1, 60, 40, [0, 2], 'shop', URL, 0), content(1, Buffer.from(URL))]) },
  ])
  const [batch] = parseBatches(batchBytes([{ key: URL, value: URL, headers: { to: URL } }]), false, { bytes: 1000, limitBytes: 1000, redactor: redactorOf(DEFAULT_REDACTION) })
  assert.ok(!JSON.stringify(batch!.records).includes(SECRET))
})

test('whatever the URL looks like and whatever stands around it', () => {
  const word = fc.stringMatching(/^[a-z0-9.~%!$*+,;=_-]{0,8}$/)
  const around = fc.stringMatching(/^[a-z ,:@/[\]{}()=&?#-]{0,12}$/)
  const scheme = fc.constantFrom('http', 'mongodb+srv', 'redis', 'AMQPS', 'postgres')
  const type = fc.constantFrom('', 'text/plain', 'application/json', 'application/x-ndjson', 'text/html', 'application/yaml')
  fc.assert(fc.property(scheme, word, word, word, around, around, type, fc.boolean(), (name, user, before, behind, left, right, contentType, isJson) => {
    const text = `${left} ${name}://${user}:${before}${SECRET}${behind}@host/x ${right}`
    const out = told(post(contentType, isJson ? JSON.stringify({ [text]: text }) : text), DEFAULT_REDACTION)
    assert.ok(!out.includes(SECRET), out)
  }))
})
