import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JoinedHop, JoinedRequest, JoinedVerdict } from '../mesh/hop-join.ts'
import { joinedLine, shownRequest } from './joined-request.ts'

const AT = Date.UTC(2026, 2, 1, 12, 3, 41) * 1000
const client = { ip: '10.77.0.1', port: 40000 }
const server = { ip: '10.77.0.2', port: 8080 }
const seen = { client, server, seenIn: ['web'], flows: ['1.1'] }
const clear: JoinedHop = { kind: 'clear', ...seen, atMicros: AT, elapsedMicros: 1900 }
const plain: JoinedHop = { ...clear, kind: 'plain' }
const tls: JoinedHop = {
  kind: 'tls', ...seen, version: 'TLS 1.3', suite: 'TLS_AES_256_GCM_SHA384', group: 'X25519MLKEM768', alpn: undefined, sni: 'cart',
  resumed: false, clientProof: 'inferred', evidence: 'turn', records: 5, bytes: 1204, atMicros: AT,
}

function joined(verdict: JoinedVerdict, hops: JoinedHop[], to = 'cart', notes: string[] = []): JoinedRequest {
  return {
    atMicros: AT, elapsedMicros: 1900, from: 'web', to, verdict, hops, notes,
    message: { protocol: 'http1', atMicros: AT, elapsedMicros: 1900, what: 'GET /cart/7', status: 200, outcome: 'ok', request: { method: 'GET' }, response: { status: 200 }, complete: true, notes: [] },
  }
}

function way(request: JoinedRequest): string {
  return shownRequest(request).hops.map((segment) => segment.text).join('')
}

test('the way of a request over two sidecars', () => {
  assert.equal(way(joined('mtls-inferred', [clear, tls, clear])), 'web ─clear─ sidecar ═ 5 records, 1 204 B unreadable ═ sidecar ─clear─ cart')
})

test('what was not seen is a question mark', () => {
  assert.equal(way(joined('tls', [tls, clear])), 'web ? sidecar ═ 5 records, 1 204 B unreadable ═ sidecar ─clear─ cart')
  assert.equal(way(joined('tls', [clear, tls])), 'web ─clear─ sidecar ═ 5 records, 1 204 B unreadable ═ sidecar ? cart')
  assert.equal(way(joined('tls', [clear, { ...tls, records: undefined }, clear])), 'web ─clear─ sidecar ═ encrypted ═ sidecar ─clear─ cart')
  assert.equal(way(joined('wire-not-seen', [clear])), 'web ─clear─ sidecar ? cart')
})

test('a request that was read on the wire says so, and why', () => {
  assert.equal(way(joined('plaintext', [plain], 'ads')), 'web ─── readable by anyone on the wire ─── ads')
  assert.equal(way(joined('plaintext', [clear, plain], 'cart')), 'web ─clear─ sidecar ─── readable by anyone on the wire ─── cart')
  assert.deepEqual(shownRequest(joined('plaintext', [plain], 'ads')).details, ['ads has no sidecar'])
  assert.deepEqual(shownRequest(joined('plaintext', [plain], 'cart')).details, [])
})

test('only a client certificate makes it mTLS', () => {
  const wires = (['mtls-seen', 'mtls-inferred', 'tls-one-way', 'tls', 'plaintext', 'wire-not-seen'] as const).map((verdict) => shownRequest(joined(verdict, [tls])).wire)
  assert.deepEqual(wires, ['mtls', 'mtls', 'tls-one-way', 'tls', 'clear', 'unknown'])
  assert.match(shownRequest(joined('mtls-inferred', [tls])).evidence ?? '', /inferred/)
  assert.equal(shownRequest(joined('mtls-seen', [tls])).evidence, undefined)
})

test('as JSON: one line, instants as RFC 3339, hops in order', () => {
  const line = joinedLine(joined('mtls-inferred', [clear, tls, clear], 'cart', ['a note']))
  assert.match(line, /^\{[^\n]*\}\n$/)
  const value = JSON.parse(line) as Record<string, unknown> & { hops: Record<string, unknown>[] }
  assert.equal(value.at, '2026-03-01T12:03:41.000000Z')
  assert.deepEqual([value.from, value.to, value.verdict, value.status], ['web', 'cart', 'mtls-inferred', 200])
  assert.deepEqual(value.hops.map((hop) => [hop.kind, hop.at]), [['clear', value.at], ['tls', value.at], ['clear', value.at]])
  assert.equal(JSON.stringify(value).includes('atMicros'), false)
  assert.deepEqual(value.notes, ['a note'])
})
