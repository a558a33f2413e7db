import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { COMPLETE, DECRYPTED, HANDSHAKE, OUTCOMES, RecordColumns } from './record-columns.ts'
import { record, someRecord } from './record.fixture.ts'

function read(text: string): RecordColumns | undefined {
  const columns = new RecordColumns()
  const bytes = Buffer.from(text)
  return columns.read(bytes, 0, bytes.length) ? columns : undefined
}

test('columns of a record are what its JSON says', () => {
  const columns = read(JSON.stringify(record()))!
  assert.equal(columns.atMicros, Date.parse('2026-11-21T12:03:41.201Z') * 1000 + 456)
  assert.deepEqual([columns.protocol, columns.what, columns.statusCode, columns.status, columns.elapsedMicros], ['http1', 'GET /cart/7', 200, '', 1900])
  assert.deepEqual([columns.requestBytes, columns.responseBytes, columns.flow, columns.flags], [0, 12, 'a1', COMPLETE])
  assert.deepEqual(columns.flowEnd('server'), { ip: '10.77.0.2', port: 8080, name: 'cart.shop' })
  assert.deepEqual((['capture', 'hop', 'namespace', 'interface'] as const).map((key) => columns.flowText(key)), ['netns', 'clear', 'web', 'lo'])
})

test('a body that looks like the record itself changes nothing', () => {
  const json = { at: 'x', status: 500, flow: 'z', response: { bodyBytes: 9 }, bodyBytes: 7 }
  const columns = read(JSON.stringify(record({ request: { method: 'POST', path: '/', headers: [{ name: 'a', value: '"},"status":1,"bodyBytes":3' }], body: { json }, bodyBytes: 20 } })))!
  assert.deepEqual([columns.statusCode, columns.flow, columns.requestBytes, columns.responseBytes], [200, 'a1', 20, 12])
})

test('a handshake and what was decrypted are marked', () => {
  assert.equal(read(JSON.stringify(record({ protocol: 'tls', status: 'TLS_AES_128_GCM_SHA256', request: { kind: 'handshake' } })))!.flags & HANDSHAKE, HANDSHAKE)
  assert.equal(read(JSON.stringify(record({ protocol: 'http1', request: { kind: 'handshake' } })))!.flags & HANDSHAKE, 0)
  assert.equal(read(JSON.stringify(record({ decrypted: true })))!.flags & DECRYPTED, DECRYPTED)
})

test('for all records the columns agree with JSON.parse', () => {
  fc.assert(fc.property(someRecord, (one) => {
    const columns = read(JSON.stringify(one))!
    assert.equal(columns.what, one.what)
    assert.equal(columns.statusCode === -1 ? columns.status : columns.statusCode, one.status ?? '')
    assert.equal(columns.elapsedMicros, one.elapsedMicros ?? -1)
    assert.equal(OUTCOMES[columns.outcome], one.outcome)
    assert.deepEqual(columns.flowEnd('client'), { ip: one.client.ip, port: one.client.port, name: one.client.name ?? '' })
    assert.equal(columns.flowText('namespace'), one.namespace)
  }))
})

test('what is no record is refused, whatever its bytes', () => {
  for (const text of ['', '{', '{}', '[]', 'null', '{"health":{}}', '{"at":"yesterday","protocol":"x","flow":"1"}', '{"at":"2026-99-99T99:99:99.000000Z","protocol":"x","flow":"1"}']) assert.equal(read(text), undefined, text)
  const line = JSON.stringify(record())
  fc.assert(fc.property(fc.nat(line.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(line.length), (at, byte, cut) => {
    const bytes = Buffer.from(line)
    bytes[at] = byte
    const columns = new RecordColumns()
    if (!columns.read(bytes, 0, cut)) return
    assert.ok(Number.isFinite(columns.atMicros) && Number.isFinite(columns.statusCode) && Number.isFinite(columns.elapsedMicros) && Number.isFinite(columns.requestBytes))
  }), { numRuns: 2000 })
})
