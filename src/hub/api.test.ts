import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { JsonRecord, MessageDetail, MessagesPage } from '../model/api.ts'
import type { Health } from '../model/health.ts'
import { record } from '../store/record.fixture.ts'
import { fileState } from './file-reading.ts'
import type { TestHub } from './hub.fixture.ts'
import { mismatch, openTestHub } from './hub.fixture.ts'
import { SCHEMAS } from './openapi-schemas.ts'
import { openApiDocument } from './openapi.ts'

/** Records of a capture that lies in the repository, as `tap -o json` prints them, and the capture itself for its packets. */
const CAPTURE = 'test/fixtures/captures/http1-nginx.pcapng'

async function filled(t: TestContext): Promise<TestHub> {
  const opened = await openTestHub(t)
  await opened.add([
    record(), record({ status: 500, outcome: 'server-error', flow: 'a2' }),
    record({ protocol: 'redis', what: 'GET a', status: 'OK', flow: 'a3', hop: 'wire', request: { command: 'GET', arguments: ['a'], bytes: 20 }, response: { type: 'bulkString', value: '1', bytes: 7 } }),
    record({ protocol: 'tls', what: 'TLS 1.2 handshake cart', status: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', flow: 'a4', hop: 'wire', request: { kind: 'handshake', sni: 'cart', certificate: { chainLength: 1, leaf: { subject: 'CN=web', issuer: 'CN=ca', spiffeId: 'spiffe://x/web', alternativeNames: ['URI:spiffe://x/web'], notBefore: 'a', notAfter: 'b' } }, certificateVerify: true }, response: { kind: 'handshake', version: 'TLS 1.2', cipherSuite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', group: 'x25519', postQuantum: false, certificateRequested: true, certificate: { chainLength: 1, leaf: { subject: 'CN=cart' } } } }),
    record({ protocol: 'http2', what: 'GET /in', flow: 'a4', hop: 'wire', decrypted: true, request: { method: 'GET', path: '/in', stream: 1, scheme: 'https', authority: 'cart', headers: [] } }),
  ])
  return opened
}

test('the document of the API is valid OpenAPI 3.1, and names only what is there', async () => {
  const document = openApiDocument() as { paths: Record<string, unknown> }
  const result = await new Validator().validate(structuredClone(document))
  assert.ok(result.valid, JSON.stringify(result.errors))
  const text = JSON.stringify(document)
  for (const name of Object.keys(SCHEMAS)) assert.ok(text.includes(`schemas/${name}"`), `${name} is used by no call`)
  const types = readFileSync(new URL('../model/api.ts', import.meta.url), 'utf8')
  for (const [, method, path] of types.matchAll(/'(GET|POST) (\/api\/v1\/[^']+)'/g)) {
    const found = document.paths[path!.replace(/:(\w+)/g, '{$1}')] as Record<string, unknown> | undefined
    assert.ok(found?.[method!.toLowerCase()], `${method} ${path} is not in the document`)
  }
})

test('every answer is what the document says', async (t) => {
  const { get, hub } = await filled(t)
  hub.files.push({ ...fileState(CAPTURE), reading: false })
  const calls: [string, string][] = [
    ['/capture', 'CaptureInfo'], ['/messages', 'MessagesPage'], ['/messages?q=http&limit=1&near=2', 'MessagesPage'], ['/messages?q=nothing', 'ApiError'], ['/messages/1', 'MessageDetail'], ['/messages/3', 'MessageDetail'],
    ['/messages/5', 'MessageDetail'], ['/messages/999', 'ApiError'], ['/messages/x', 'ApiError'], ['/messages/1/packets', 'PacketList'], ['/connections/1', 'ConnectionPage'], ['/connections/4?limit=1', 'ConnectionPage'], ['/connections/99', 'ApiError'],
    ['/filter?q=http', 'FilterCheck'], ['/filter?q=http%20and', 'FilterCheck'], ['/filter/fields', 'FieldList'], ['/filter/values?field=dst.name', 'ValueList'], ['/map', 'MapAnswer'], ['/check', 'CheckAnswer'],
    ['/statistics', 'StatisticsAnswer'], ['/statistics?by=path&points=10', 'StatisticsAnswer'], ['/statistics?by=x', 'ApiError'], ['/health', 'HealthAnswer'], ['/catalog', 'CatalogPage'], ['/catalog/cart.shop', 'OpenApiDocument'], ['/catalog/x', 'ApiError'],
    ['/compare?otherQ=error', 'CompareAnswer'], ['/compare', 'ApiError'], ['/export?format=x', 'ApiError'], ['/nothing', 'ApiError'], ['/messages?limit=x', 'ApiError'],
  ]
  for (const [path, schema] of calls) assert.equal(mismatch(schema, await get(path)), '', path)
})

test('rows say what is known of the wire, and a detail what its handshake says', async (t) => {
  const { get } = await filled(t)
  const { rows } = await get('/messages') as MessagesPage
  assert.deepEqual(rows.map((row) => row.verdict), ['clear', 'clear', 'plaintext', 'mtls-seen', 'mtls-seen'])
  const detail = await get('/messages/5') as MessageDetail
  assert.deepEqual([detail.tls!.verdict, detail.tls!.client!.spiffeId, detail.tls!.version, detail.previous], ['mtls-seen', 'spiffe://x/web', 'TLS 1.2', 4])
  assert.equal(detail.record.what, 'GET /in')
  assert.deepEqual((await get('/messages/1') as MessageDetail).copyAs.map(({ kind }) => kind), ['curl', 'httpie', 'fetch'])
})

test('exports: lines, HAR, and the packets of messages', async (t) => {
  const { app, hub } = await filled(t)
  const ask = (path: string) => app.inject({ url: `/api/v1${path}`, headers: { host: 'localhost' } })
  const lines = await ask('/export?format=jsonl&q=http')
  assert.deepEqual(lines.body.trim().split('\n').map((line) => (JSON.parse(line) as JsonRecord).protocol), ['http1', 'http1', 'http2'])
  assert.equal((JSON.parse((await ask('/export?format=har')).body) as { log: { entries: unknown[] } }).log.entries.length, 3)
  assert.equal((await ask('/export?format=pcapng')).statusCode, 404)
  hub.files.push({ ...fileState(CAPTURE), reading: false })
  const packets = await ask('/export?format=pcapng&ids=1,2')
  assert.equal(packets.rawPayload.readUInt32LE(0), 0x0a0d0d0a)
  assert.match(String(packets.headers['content-disposition']), /attachment/)
  assert.equal((await ask('/export?format=jsonl&q=foo')).statusCode, 400)
})

test('an empty list says why, and what to do', async (t) => {
  const { get, hub } = await openTestHub(t, { options: { kind: 'live' } })
  const advice = async (): Promise<string> => JSON.stringify((await get('/health') as { advice: unknown }).advice)
  assert.match(await advice(), /no proxy of a mesh was found.*mtlscope doctor/)
  const health = (await get('/health') as { health: Health }).health
  hub.healthSource = () => ({ ...health, packets: 1200, namespaces: [{ name: 'web', capture: 'envoy', interfaces: ['any'], packets: 0, droppedByKernel: 0 }], refused: [{ name: 'pid 7', why: 'EPERM' }], droppedByKernel: 3 })
  const told = await advice()
  for (const words of [/^\[.*pid 7 is not captured: EPERM/, /3 packets were lost.*--port/, /packets came, none with a message/, /no packet in web/]) assert.match(told, words)
})
