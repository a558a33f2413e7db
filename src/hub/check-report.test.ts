import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { TestContext } from 'node:test'
import Ajv from 'ajv-draft-04'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { validateXML } from 'xmllint-wasm'
import { handshake, plain } from '../mesh/shop.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { CHECK_REPORT_TYPES } from './check-report.ts'
import { openTestHub } from './hub.fixture.ts'
import { openApiDocument } from './openapi.ts'

const START = Date.parse('2026-11-21T12:00:00Z') * 1000
const SCRIPT = '<script>alert(1)</script>'
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface File { readonly status: number, readonly type: string, readonly disposition: string, readonly policy: string, readonly body: string }

/** web calls cart by TLS of which nothing else is known, and ads in plaintext with a script in its path. */
async function openShop(t: TestContext): Promise<(query: string) => Promise<File>> {
  const { hub, app } = await openTestHub(t)
  const seen = [
    handshake('web', { from: 'web', to: 'cart', port: 41_000 }, START),
    plain('web', { from: 'web', to: 'ads', port: 42_000 }, { what: `GET /${SCRIPT}`, atMicros: START + 2e6 }),
  ]
  await hub.store.add(Buffer.from(seen.map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  return async (query) => {
    const { statusCode, headers, body } = await app.inject({ url: `/api/v1/check/report?${query}`, headers: { host: 'localhost' } })
    return { status: statusCode, type: String(headers['content-type']), disposition: String(headers['content-disposition']), policy: String(headers['content-security-policy']), body }
  }
}

test('a report is a file in each format of mtlscope check', async (t) => {
  const ask = await openShop(t)
  const text = await ask('format=text')
  assert.match(text.body, /plaintext .*web → ads:8080.*\n.*\n.*readable on the wire: HTTP\/1: GET \/<script>/)
  const json: unknown = JSON.parse((await ask('format=json')).body)
  const isReport = addFormats.default(new Ajv2020({ strict: true }) as never).compile(JSON.parse(read('docs/schema/check.schema.json')))
  assert.ok(isReport(json), JSON.stringify(isReport.errors))
  assert.deepEqual((json as { edges: { server: string, verdict: string }[] }).edges.map(({ server, verdict }) => `${server} ${verdict}`), ['ads plaintext', 'cart unknown'])
  const sarif: unknown = JSON.parse((await ask('format=sarif')).body)
  const isSarif = addFormats.default(new Ajv.default({ strict: false, unicodeRegExp: false })).compile(JSON.parse(read('test/fixtures/schemas/sarif-2.1.0-rtm.5.json')))
  assert.ok(isSarif(sarif), JSON.stringify(isSarif.errors))
  const { body: junit } = await ask('format=junit')
  const { errors } = await validateXML({ xml: [{ fileName: 'report.xml', contents: junit }], schema: { fileName: 'junit.xsd', contents: read('test/fixtures/schemas/jenkins-junit.xsd') } })
  assert.deepEqual(errors.map(({ rawMessage }) => rawMessage), [])
  assert.match((await ask('format=md')).body, /^# mTLS check\n[^]*\| plaintext \| web → ads:8080 \|/)
  assert.match((await ask('format=html')).body, /^<!doctype html>/)
})

test('a report is saved and never shown, says what it is, and holds no script', async (t) => {
  const ask = await openShop(t)
  const types: string[] = []
  for (const [format, ending] of [['text', 'txt'], ['json', 'json'], ['html', 'html'], ['junit', 'xml'], ['sarif', 'sarif'], ['md', 'md']] as const) {
    const { type, disposition, policy, body } = await ask(`format=${format}`)
    assert.equal(disposition, `attachment; filename="mtls-check.${ending}"`)
    assert.match(policy, /default-src 'none'; sandbox/)
    assert.match(type, /; charset=utf-8$/)
    types.push(type.split(';')[0]!)
    if (format === 'html' || format === 'junit' || format === 'md') assert.ok(!body.includes('<script'), format)
  }
  assert.deepEqual(types, CHECK_REPORT_TYPES)
  const { paths } = openApiDocument() as { paths: Record<string, { get: { responses: { 200: { content: object } } } }> }
  assert.deepEqual(Object.keys(paths['/api/v1/check/report']!.get.responses[200].content), types)
})

test('filter and range choose as in the view; what is no format or filter is told', async (t) => {
  const ask = await openShop(t)
  const { body } = await ask(`format=json&q=${encodeURIComponent('dst.name == "cart"')}`)
  const { edges, filter, notes } = JSON.parse(body) as { edges: { server: string }[], filter: string, notes: string[] }
  assert.deepEqual([edges.map(({ server }) => server), filter], [['cart'], 'dst.name == "cart"'])
  assert.match(notes[0]!, /^a filter is on .*left out: 1 plaintext/)
  for (const query of ['format=pdf', 'format=toString', '', 'format=html&q=(((', 'format=html&from=x']) assert.equal((await ask(query)).status, 400, query)
})
