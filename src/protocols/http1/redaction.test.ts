import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import type { FlowInfo } from '../../model/flow.ts'
import type { Message } from '../../model/message.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { CompactLines } from '../../tap/compact-line.ts'
import { jsonLine } from '../../tap/json-line.ts'
import { LineBytes } from '../../tap/line-bytes.ts'
import type { Step } from '../contract.fixture.ts'
import type { Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import type { RedactionRules } from '../redaction.ts'
import { NO_REDACTION } from '../redaction.ts'
import { http1 } from './http1.ts'
import { answer, ask, chunked } from './samples.fixture.ts'

const FLOW: FlowInfo = {
  id: '1', capture: 'pcap', hop: 'clear', firstMicros: 0, client: { ip: '10.0.0.1', port: 1 }, server: { ip: '10.0.0.2', port: 80 },
} as FlowInfo

/** All that is printed of it: a line of each kind for each message. */
function printed(steps: readonly Step[], redaction: RedactionRules, bodyLimitBytes = 64 * 1024): string {
  const settings: Settings = { ...DEFAULT_SETTINGS, bodyLimitBytes, redaction }
  let out = ''
  const line = new LineBytes()
  const compact = new CompactLines({ colour: false, utc: true })
  const connection = http1.open({
    message(m: Message) {
      out += `${jsonLine(FLOW, m)}\n${m.what}\n`
      compact.add(line, FLOW, m)
    },
    malformed(_, what) { out += what }, switchTo() {}, disown() {},
  }, settings)
  for (const { side, bytes, at } of steps) connection.data(side, bytes, at)
  connection.end(CLIENT, 1e6)
  connection.end(SERVER, 1e6)
  return out + Buffer.from(line.bytes).toString()
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const SECRET = 'fanary'
/** Where base64 of it begins at any of the three offsets. */
const FORMS = [SECRET, 'ZmFuYXJ5', 'ZhbmFye', 'mYW5hcn', '66 61 6e 61']

function post(type: string, body: string): Step[] {
  return [ask(`POST /a HTTP/1.1\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`), answer(OK)]
}

function assertHidden(cases: Record<string, Step[]>, redaction: RedactionRules): void {
  for (const [name, steps] of Object.entries(cases)) {
    assert.ok(FORMS.some((form) => printed(steps, NO_REDACTION).includes(form)), `${name}: the secret is in it`)
    for (const limit of [0, 20, 64 * 1024]) {
      const out = printed(steps, redaction, limit)
      for (const form of FORMS) assert.ok(!out.includes(form), `${name}: ${out}`)
    }
  }
}

test('by default: what proves who somebody is, however oddly it is sent', () => {
  assertHidden({
    'headers': [ask(`GET / HTTP/1.1\r\nAuthorization: Bearer ${SECRET}\r\nCOOKIE: s=${SECRET}\r\nProxy-Authorization: ${SECRET}\r\n\r\n`), answer(`HTTP/1.1 200 OK\r\nset-cookie: ${SECRET}\r\nContent-Length: 0\r\n\r\n`)],
    'folded': [ask(`GET / HTTP/1.1\r\nAuthorization: Bearer\r\n ${SECRET}\r\n\r\n`), answer(OK)],
    'space before the colon': [ask(`GET / HTTP/1.1\r\nCookie : ${SECRET}\r\n\r\n`), answer(OK)],
    'no colon': [ask(`GET / HTTP/1.1\r\nAuthorization Bearer ${SECRET}\r\n\r\n`), answer(OK)],
    'a colon too late': [ask(`GET / HTTP/1.1\r\nAuthorization Basic a:${SECRET}\r\n\r\n`), answer(OK)],
    'trailers': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('x')}0\r\nSet-Cookie: ${SECRET}\r\n\r\n`)],
    'interim': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 103 Early Hints\r\nSet-Cookie: ${SECRET}\r\n\r\n${OK}`)],
    'cut off': [ask(`GET / HTTP/1.1\r\nAuthorization: ${SECRET}`)],
    'user information of other URLs': [ask(`GET / HTTP/1.1\r\nHost: me:${SECRET}@shop\r\nReferer: http://me:${SECRET}@shop/\r\n\r\n`), answer(`HTTP/1.1 302 Found\r\nLocation: https://me:${SECRET}@shop/\r\nContent-Length: 0\r\n\r\n`)],
    'user information of CONNECT': [ask(`CONNECT me:${SECRET}@shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n`), answer('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')],
    'a token of Kubernetes among subprotocols': [ask(`GET /exec HTTP/1.1\r\nSec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.${SECRET}, v4.channel.k8s.io\r\n\r\n`), answer(OK)],
    'user information': [ask(`GET http://me:${SECRET}@shop/ HTTP/1.1\r\n\r\n`), answer(OK)],
    'part of a form': post('multipart/form-data; boundary=b', `--b\r\nContent-Disposition: form-data; name=x\r\nCookie: ${SECRET}\r\n\r\nx\r\n--b--`),
  }, DEFAULT_SETTINGS.redaction)
})

test('parameters of queries, forms, references and locations', () => {
  assertHidden({
    'query': [ask(`GET /a?b=1&ToKen=${SECRET}&c HTTP/1.1\r\n\r\n`), answer(OK)],
    'absolute': [ask(`GET http://a/?token=${SECRET} HTTP/1.1\r\n\r\n`), answer(OK)],
    'form': post('application/x-www-form-urlencoded', `a=1&t%6Fken=${SECRET}`),
    'multipart': post('multipart/form-data; boundary=b', `--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n${SECRET}\r\n--b--`),
    'referer, location': [ask(`GET / HTTP/1.1\r\nReferer: http://a/?token=${SECRET}\r\n\r\n`), answer(`HTTP/1.1 302 Found\r\nLocation: /cb#x=1&token=${SECRET}\r\nContent-Length: 0\r\n\r\n`)],
    'json': post('application/json', `{"a":[{"token":"${SECRET}"}]}`),
    'json of structure': post('application/json', `{"token":{"a":["${SECRET}"]},"n":1.50}`),
    'json with escapes': post('application/json', `{"to\\u006ben":"${SECRET}"}`),
    'json that is broken': post('application/json', `{"token":"${SECRET}",}`),
    'json in json': post('application/json', `{"a":"{\\"token\\":\\"${SECRET}\\"}"}`),
    'json that is called text': post('text/plain', `{"token":"${SECRET}"}`),
    'lines of json': post('application/x-ndjson', `{"token":"${SECRET}"}\n{"token":"${SECRET}"}`),
    'json within a part': post('multipart/form-data; boundary=b', `--b\r\nContent-Disposition: form-data; name=x\r\nContent-Type: application/json\r\n\r\n{"token":"${SECRET}"}\r\n--b--`),
    'graphql variables': post('application/json', `{"query":"mutation M($token:String!){a(token:$token)}","variables":{"token":"${SECRET}"}}`),
    'graphql arguments': post('application/json', `{"query":"mutation { a(token: \\"${SECRET}\\") }"}`),
    'graphql get': [ask(`GET /graphql?query=%7Ba%7D&variables=%7B%22token%22%3A%22${SECRET}%22%7D HTTP/1.1\r\n\r\n`), answer(OK)],
    'graphql answer': [...post('application/json', '{"query":"{ a }"}').slice(0, 1), answer(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n{"data":{"token":"${SECRET}"}}    `)],
  }, { ...DEFAULT_SETTINGS.redaction, parameters: ['token'] })
})

test('texts, wherever they stand', () => {
  const packed = gzipSync(`{"a":"${SECRET}"}`).toString('latin1')
  assertHidden({
    'everywhere': [ask(`GET /${SECRET}?${SECRET}=${SECRET} HTTP/1.1\r\n${SECRET}: ${SECRET}\r\n\r\n`), answer(`HTTP/1.1 200 ${SECRET}\r\nX: ${SECRET}\r\nContent-Length: 6\r\n\r\n${SECRET}`)],
    'method': [ask(`${SECRET} / HTTP/1.1\r\n\r\n`), answer(OK)],
    'json': post('application/json', `{"a":"${SECRET}","b":"\\u0066anary"}`),
    'gzip': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n${packed}`)],
    'json whose names are written with escapes': post('application/json', `{"fan":"\\u0061\\u0072y","fan\\u0061ry":1,"x":"${SECRET}"}`),
    'percent-encoded': [ask(`GET /a?b=%66anary&c=${SECRET} HTTP/1.1\r\n\r\n`), answer(OK)],
    'graphql': post('application/json', `{"query":"query ${SECRET} { a(b: \\"${SECRET}\\") }","variables":{"a":"\\u0066anary","${SECRET}":1}}`),
    'graphql answer': [...post('application/json', '{"query":"{ a }"}').slice(0, 1), answer(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 48\r\n\r\n{"errors":[{"message":"${SECRET}"}],"data":null}    `)],
    'graphql get': [ask(`GET /graphql?query=%7Ba(b:%22${SECRET}%22)%7D HTTP/1.1\r\n\r\n`), answer(OK)],
    'binary': [ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\0${SECRET}\xff`)],
    'broken': [ask(`GET /${SECRET} HTTP/1.1\r\nX ${SECRET}`)],
  }, { ...DEFAULT_SETTINGS.redaction, texts: [SECRET] })
})
