import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import { need } from '../../../test/require.ts'
import { alertLevelName, alertName, isFatal } from './alerts.ts'
import { CIPHER_SUITES, hashBytesOf, keyExchangeOf, tagBytesOf } from './cipher-suites.ts'
import { CodePoints, hexText, isGrease } from './code-points.ts'
import { EXTENSIONS } from './extensions.ts'
import { GROUPS, isPostQuantum } from './groups.ts'
import { signatureSchemeName } from './signature-schemes.ts'
import { isTls13, versionName } from './versions.ts'

test('the sixteen values of GREASE and no other', () => {
  const grease = Array.from({ length: 0x10000 }, (_, value) => value).filter(isGrease)
  assert.deepEqual(grease, Array.from({ length: 16 }, (_, i) => i * 0x1010 + 0x0a0a))
})

test('a registry numbers its names on, and falls back to GREASE and hexadecimal', () => {
  const registry = new CodePoints('\n0a one two\n1301 three\n', 'X_')
  assert.deepEqual(registry.names([10, 11, 0x1301, 0x2a2a, 12]), ['X_one', 'X_two', 'X_three', 'GREASE', '0x000c'])
  assert.equal(registry.registered(0x2a2a), undefined)
  assert.equal(hexText(5, 2), '0x05')
})

test('names that are known from the registries', () => {
  assert.equal(CIPHER_SUITES.name(0x1302), 'TLS_AES_256_GCM_SHA384')
  assert.equal(CIPHER_SUITES.name(0xc02b), 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
  assert.equal(CIPHER_SUITES.name(0xcca8), 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256')
  assert.equal(CIPHER_SUITES.name(0x00ff), 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV')
  assert.deepEqual(GROUPS.names([23, 24, 29, 30, 41, 256, 0x11eb, 0x11ec, 0x11ed, 0x6399]), [
    'secp256r1', 'secp384r1', 'x25519', 'x448', 'curveSM2', 'ffdhe2048', 'SecP256r1MLKEM768', 'X25519MLKEM768', 'SecP384r1MLKEM1024',
    'X25519Kyber768Draft00',
  ])
  assert.deepEqual(EXTENSIONS.names([0, 16, 23, 35, 43, 51, 57, 0xfe0d, 0xff01]), [
    'server_name', 'application_layer_protocol_negotiation', 'extended_master_secret', 'session_ticket', 'supported_versions',
    'key_share', 'quic_transport_parameters', 'encrypted_client_hello', 'renegotiation_info',
  ])
  assert.deepEqual([0x0403, 0x0804, 0x0807, 0x0905, 0x0402, 0x0301, 0x0a01, 0x1a1a].map(signatureSchemeName), [
    'ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256', 'ed25519', 'mldsa65', 'dsa_sha256', 'rsa_sha224', '0x0a01', 'GREASE',
  ])
  assert.deepEqual([0x0300, 0x0304, 0x7f1c, 0x3a3a, 0x1234].map(versionName), ['SSL 3.0', 'TLS 1.3', 'TLS 1.3 draft 28', 'GREASE', '0x1234'])
})

test('which groups are post-quantum, which versions are TLS 1.3', () => {
  assert.deepEqual([0x11eb, 0x11ec, 0x11ed, 0x6399, 0x0201].map(isPostQuantum), [true, true, true, true, true])
  assert.deepEqual([29, 23, 256, 0x11ef].map(isPostQuantum), [false, false, false, false])
  assert.deepEqual([0x0304, 0x7f17, 0x0303].map(isTls13), [true, true, false])
})

test('what follows from a suite', () => {
  assert.deepEqual([0xc02b, 0x009e, 0x002f, 0xc035, 0x1301, 0xabcd].map(keyExchangeOf), ['ECDHE_ECDSA', 'DHE_RSA', 'RSA', 'ECDHE_PSK', undefined, undefined])
  assert.deepEqual([0x1301, 0x1302, 0x1303].map(hashBytesOf), [32, 48, 32])
  assert.deepEqual([0x1301, 0x1305].map(tagBytesOf), [16, 8])
})

test('alerts: names, levels, and which end a handshake', () => {
  assert.deepEqual([0, 40, 48, 116, 120, 250].map(alertName), ['close_notify', 'handshake_failure', 'unknown_ca', 'certificate_required', 'no_application_protocol', '0xfa'])
  assert.deepEqual([1, 2, 9].map(alertLevelName), ['warning', 'fatal', '0x09'])
  assert.equal(isFatal(1, 112, false), false)
  assert.equal(isFatal(1, 112, true), true)
  assert.equal(isFatal(2, 0, true), false)
  assert.equal(isFatal(1, 41, false), false)
})

test('suites are named as OpenSSL names them', (t) => {
  let listed = ''
  try {
    listed = execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'], { encoding: 'utf8' })
  } catch {
    // Told below.
  }
  if (!need(t, 'peers', listed !== '', 'openssl')) return
  const lines = [...listed.matchAll(/0x(..),0x(..) - (TLS_\S+)/g)]
  assert.ok(lines.length > 50)
  for (const [, high, low, name] of lines) assert.equal(CIPHER_SUITES.name(Number.parseInt(high! + low!, 16)), name)
})
