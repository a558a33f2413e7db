import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAccessLine } from './access-log.ts'

/** As Envoy 1.40 wrote them. */
const REFUSED = '{"mtlscope":"inbound","start":"1795275000.123","ms":3,"sent":0,"received":0,"client":"10.0.0.1:5","destination":"10.0.0.2:8080","upstream":null,"chain":"inbound:mtls:8080","clientName":null,"ownName":"spiffe://a/b","tlsIn":null,"flags":"-","tlsInFailure":"TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_verify_SAN_list:TLS_error_end"}'

test('a refused identity', () => {
  const line = parseAccessLine(REFUSED)!
  assert.deepEqual([line.reason, line.mode, line.security, line.openedAtMs, line.durationMs], ['identity-refused', 'mtls', undefined, 1795275000123, 3])
})

test('each end has its reason', () => {
  const reason = (fields: object): string => parseAccessLine(JSON.stringify({ mtlscope: 'outbound', chain: 'outbound:mesh', tlsOut: 'TLSv1.3', ...fields }))!.reason
  assert.equal(reason({ flags: '-' }), 'finished')
  assert.equal(reason({ flags: '-', closed: 'tcp_session_idle_timeout' }), 'idle')
  assert.equal(reason({ flags: 'UF,URX', tlsOutFailure: 'delayed_connect_error:_Connection_refused' }), 'connect-refused')
  assert.equal(reason({ flags: 'UF', details: 'x' }), 'connect-failed')
  assert.equal(reason({ flags: 'UF', tlsOutFailure: 'TLS_error:|1:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher:TLS_error_end' }), 'identity-refused')
  assert.equal(reason({ chain: 'denied', flags: 'UH' }), 'destination-denied')
  assert.equal(reason({ chain: 'self-call', flags: 'UH' }), 'self-call')
})

test('who leaves in the middle of the handshake was never there', () => {
  const half = { mtlscope: 'inbound', chain: 'inbound:mtls', tlsIn: 'TLSv1.3', ownName: 'spiffe://a/b', upstream: null, clientName: null, flags: '-' }
  const read = (fields: object): (string | undefined)[] => {
    const { reason, security } = parseAccessLine(JSON.stringify({ ...half, ...fields }))!
    return [reason, security]
  }
  assert.deepEqual(read({}), ['handshake-failed', undefined])
  assert.deepEqual(read({ flags: 'DR' }), ['handshake-failed', undefined])
  assert.deepEqual(read({ clientName: 'spiffe://a/c' }), ['finished', 'mtls'])
  assert.deepEqual(read({ chain: 'inbound:tls', upstream: '127.0.0.1:80' }), ['finished', 'tls'])
  assert.deepEqual(read({ chain: 'inbound:permissive:plaintext', tlsIn: null }), ['finished', 'plaintext'])
})

test('other output of Envoy is no line of ours', () => {
  for (const line of ['', 'x', '{"a":1}', '{"mtlscope":', '["mtlscope":1]']) assert.equal(parseAccessLine(line), undefined)
})
