import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resetCode, resetDetail } from './reset-reason.ts'

test('the other side says why it ended a stream, as far as that is known there', () => {
  assert.equal(resetDetail(resetCode('connect-refused')), 'the other sidecar: connect-refused')
  assert.equal(resetDetail(resetCode('identity-refused')), 'the other sidecar: identity-refused')
  assert.equal(resetDetail(resetCode('handshake-failed')), 'the other sidecar: certificate-expired')
  assert.equal(resetDetail(resetCode('client-truncated')), 'the other sidecar: truncated')
})

test('a reset that was carried across, and a number of a newer version, say nothing more', () => {
  for (const code of [resetCode('client-reset'), resetCode('server-reset'), 0, 200, 255]) assert.equal(resetDetail(code), '')
})

test('numbers on the wire stay what they are', () => {
  assert.deepEqual((['connect-refused', 'connect-timeout', 'connect-failed', 'unresolved', 'identity-refused', 'self-call', 'idle', 'limit', 'descriptors', 'drained'] as const).map(resetCode), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})
