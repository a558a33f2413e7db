import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedConnection } from '../proxy/relay/connection-report.ts'
import { connectionJson, connectionText } from './sidecar-log.ts'

const CONNECTION: FinishedConnection = {
  id: 7, direction: 'inbound', mode: 'mtls', security: 'mtls', client: '10.1.2.3:4444', destination: '10.1.2.4:8080',
  clientIdentity: 'spiffe://shop.test/web', serverIdentity: 'spiffe://shop.test/cart', bytesSent: 300, bytesReceived: 1_234_567,
  openedAtMs: Date.UTC(2026, 10, 21, 14, 0, 0), durationMs: 12.4, tlsVersion: 'TLSv1.3', resumed: false, reason: 'finished', detail: '',
}

test('a line for people', () => {
  assert.equal(connectionText(CONNECTION), '2026-11-21T14:00:00.012Z inbound mtls 10.1.2.3:4444 (spiffe://shop.test/web) → 10.1.2.4:8080 (spiffe://shop.test/cart) ↑300 B ↓1.2 MB 12 ms finished')
  assert.equal(connectionText({ ...CONNECTION, security: undefined, destination: '', clientIdentity: undefined, serverIdentity: '', reason: 'handshake-failed', detail: 'no\u001b[2J certificate' }),
    '2026-11-21T14:00:00.012Z inbound - 10.1.2.3:4444 → ? ↑300 B ↓1.2 MB 12 ms handshake-failed (no\\x1b[2J certificate)')
})

test('a line for programs, safe for a terminal too', () => {
  const text = connectionJson({ ...CONNECTION, clientIdentity: 'evil\u009b31m' })
  assert.ok(!text.includes('\u009b'))
  const value = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual([value.time, value.openedAt, value.durationMs, value.clientIdentity], ['2026-11-21T14:00:00.012Z', '2026-11-21T14:00:00.000Z', 12, 'evil\u009b31m'])
})
