import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import test from 'node:test'
import type { Message } from '../../model/message.ts'
import type { Step } from '../contract.fixture.ts'
import { listen } from '../contract.fixture.ts'
import { CLIENT_ID, NOT_AFTER, NOT_BEFORE, SERVER_ID, makePki } from './pki.fixture.ts'
import { STEP_MICROS, portOf, record, recordTo, startServer } from './recording.fixture.ts'
import { tls } from './tls.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'

type Facts = Record<string, never> & { [key: string]: unknown }
interface Plain extends Omit<Message, 'request' | 'response'> { request: Facts, response: Facts }

const TURNS = { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, ciphertextTurns: true }
const pki = await makePki()
const plain = { ...pki.server, ca: pki.ca }
const client = { ca: pki.ca }

function read(steps: readonly Step[]): { all: Plain[], handshake: Plain, closed: Plain, turns: Plain[] } {
  const said = listen(tls, steps, TURNS)
  assert.deepEqual(said.malformed, [])
  const all = said.messages as unknown as Plain[]
  const kinds = all.map((m) => (m.request ?? m.response).kind)
  assert.equal(kinds[0], 'handshake')
  assert.equal(kinds.at(-1), 'closed')
  assert.ok(kinds.slice(1, -1).every((kind) => kind === 'ciphertext'))
  return { all, handshake: all[0]!, closed: all.at(-1)!, turns: all.slice(1, -1) }
}

const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0)

test('TLS 1.3 without client certificate', async () => {
  const { steps, witness } = await record({ ...plain, ALPNProtocols: ['h2', 'mtlscope'] }, { ...client, ALPNProtocols: ['mtlscope'] })
  assert.equal(witness.error, undefined)
  const { handshake: { request, response, ...m } } = read(steps)
  assert.equal(m.what, 'TLS 1.3 handshake cart.shop.example')
  assert.equal(m.status, witness.suite)
  assert.deepEqual([m.outcome, m.complete, m.notes, m.atMicros, m.elapsedMicros], ['ok', true, [], STEP_MICROS, STEP_MICROS])
  assert.equal(request.sni, 'cart.shop.example')
  assert.deepEqual(request.alpn, ['mtlscope'])
  assert.deepEqual(request.versions, ['TLS 1.3', 'TLS 1.2'])
  assert.equal(response.version, 'TLS 1.3')
  assert.equal(response.cipherSuite, witness.suite)
  assert.equal(response.resumed, false)
  assert.equal(response.alpn, undefined, 'encrypted under TLS 1.3')
  assert.equal(response.certificateRequested, undefined, 'encrypted under TLS 1.3')
  assert.ok((request.groups as unknown as string[]).includes(response.group))
  assert.equal(response.postQuantum, String(response.group).includes('MLKEM'))
})

test('the flights of TLS 1.3 show whether the client sent a certificate', async () => {
  const without = read((await record(plain, client)).steps).handshake
  const asked = read((await record({ ...plain, requestCert: true, rejectUnauthorized: false }, client)).steps).handshake
  const mutual = read((await record({ ...plain, requestCert: true }, { ...client, ...pki.client })).steps).handshake
  const flights = [without, asked, mutual].map((m) => m.request.clientFlight as unknown as { records: number, bytes: number, recordSizes: number[], end: string })
  const finished = Number(without.response.finishedRecordBytes)
  assert.deepEqual(flights[0], { records: 1, bytes: finished, recordSizes: [finished], end: 'finished' })
  assert.equal(flights[1]!.records, 2, 'an empty Certificate and the Finished')
  assert.equal(flights[2]!.records, 3, 'Certificate, CertificateVerify, Finished')
  const chainBytes = new X509Certificate(pki.client.cert).raw.length + new X509Certificate(pki.ca).raw.length
  assert.ok(flights[2]!.recordSizes[0]! > chainBytes && flights[2]!.recordSizes[0]! < chainBytes + 100)
  for (const flight of flights) assert.equal(flight.bytes, sum(flight.recordSizes))
})

test('a server that refuses the client under TLS 1.3', async () => {
  const { steps, witness } = await record({ ...plain, requestCert: true, rejectUnauthorized: true }, client)
  assert.equal(witness.error, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
  const { handshake } = read(steps)
  assert.deepEqual([handshake.outcome, handshake.status], ['server-error', 'encrypted alert'])
  assert.match(handshake.notes[0]!, /size of an alert/)
})

test('TLS 1.2 with an ECDSA certificate', async () => {
  const { steps, witness } = await record({ ...plain, maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] }, { ...client, ALPNProtocols: ['http/1.1', 'h2'] })
  const { handshake: { request, response, ...m } } = read(steps)
  assert.equal(m.what, 'TLS 1.2 handshake cart.shop.example')
  assert.deepEqual([m.status, m.outcome, m.complete], [witness.suite, 'ok', true])
  assert.equal(response.alpn, witness.alpn)
  assert.equal(String(response.group).toLowerCase(), witness.group!.toLowerCase())
  assert.deepEqual([response.resumed, response.certificateRequested, response.finished, request.finished], [false, false, true, true])
  assert.equal(request.certificate, undefined)
  assert.ok((response.ticket as unknown as { bytes: number }).bytes > 0)
  const x509 = new X509Certificate(pki.server.cert)
  // OpenSSL sends the root that the server knows behind the leaf.
  const { chain, ...shown } = response.certificate as unknown as { chain: Facts[] }
  assert.deepEqual(chain.map((root) => [root.subject, root.ca]), [['O=Acme, CN=Acme root', true]])
  assert.deepEqual(shown, {
    chainLength: 2,
    leaf: {
      subject: 'CN=cart', issuer: 'O=Acme, CN=Acme root', serial: '0A11', notBefore: NOT_BEFORE, notAfter: NOT_AFTER, ca: false,
      alternativeNames: ['DNS:cart.shop.example', `URI:${SERVER_ID}`], spiffeId: SERVER_ID,
      publicKeyType: 'ec', publicKeyCurve: 'prime256v1', publicKeyBits: 256, signatureAlgorithm: 'ecdsa-with-SHA256',
      sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(), bytes: x509.raw.length,
    },
  })
})

test('TLS 1.2 with an RSA certificate and Diffie-Hellman of either kind', async () => {
  const server = { ...pki.rsaServer, maxVersion: 'TLSv1.2' as const, dhparam: 'auto' as const }
  const ecdhe = await record({ ...server, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384', ecdhCurve: 'P-384' }, client)
  const first = read(ecdhe.steps).handshake.response
  assert.deepEqual([first.cipherSuite, first.keyExchange, first.group], [ecdhe.witness.suite, 'ECDHE_RSA', 'secp384r1'])
  assert.match(String(first.signatureAlgorithm), /^rsa_pss_rsae_sha|^rsa_pkcs1_sha/)
  const leaf = (first.certificate as unknown as { leaf: Facts }).leaf
  assert.deepEqual([leaf.publicKeyType, leaf.publicKeyBits, leaf.alternativeNames], ['rsa', 2048, ['DNS:cart.shop.example', 'IP Address:10.0.0.7']])
  const dhe = await record({ ...server, ciphers: 'DHE-RSA-AES128-GCM-SHA256' }, { ...client, ciphers: 'DHE-RSA-AES128-GCM-SHA256' })
  const second = read(dhe.steps).handshake.response
  assert.deepEqual([second.cipherSuite, second.keyExchange, second.group], [dhe.witness.suite, 'DHE_RSA', undefined])
  assert.ok(Number(second.primeBits) >= 2048)
  const rsa = await record({ ...server, ciphers: 'AES128-GCM-SHA256' }, { ...client, ciphers: 'AES128-GCM-SHA256' })
  const third = read(rsa.steps).handshake.response
  assert.deepEqual([third.keyExchange, third.group, third.signatureAlgorithm], ['RSA', undefined, undefined])
})

test('mTLS of TLS 1.2: request, certificate and proof of its key', async () => {
  const { steps, witness } = await record({ ...plain, maxVersion: 'TLSv1.2', requestCert: true }, { ...client, ...pki.client })
  assert.equal(witness.error, undefined)
  const { handshake: { request, response } } = read(steps)
  assert.equal(response.certificateRequested, true)
  const asked = response.certificateRequest as unknown as Facts
  assert.deepEqual([asked.authorities, asked.authoritiesCount], [['O=Acme, CN=Acme root'], 1])
  assert.ok((asked.types as unknown as string[]).includes('ecdsa_sign'))
  const shown = request.certificate as unknown as { chainLength: number, leaf: Facts }
  assert.deepEqual([shown.chainLength, shown.leaf.spiffeId, shown.leaf.subject], [2, CLIENT_ID, 'CN=web'])
  assert.equal(request.certificateVerify, true)
})

test('TLS 1.2, a client with nothing to show', async () => {
  const { steps } = await record({ ...plain, maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false }, client)
  const { handshake: { request, response } } = read(steps)
  assert.equal(response.certificateRequested, true)
  assert.deepEqual(request.certificate, { chainLength: 0 })
  assert.equal(request.certificateVerify, undefined)
})

test('a server that refuses the client under TLS 1.2 says why', async () => {
  const { steps } = await record({ ...plain, maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: true }, client)
  const { handshake: m } = read(steps)
  assert.deepEqual([m.outcome, m.status, m.complete], ['server-error', 'handshake_failure', true])
  assert.deepEqual(m.response.alerts, [{ level: 'fatal', description: 'handshake_failure' }])
})

test('no version in common', async () => {
  const { steps } = await record({ ...plain, minVersion: 'TLSv1.3' }, { ...client, maxVersion: 'TLSv1.2' })
  const { handshake: m, closed } = read(steps)
  assert.equal(m.what, 'TLS handshake cart.shop.example')
  assert.deepEqual([m.outcome, m.status, m.complete], ['server-error', 'protocol_version', true])
  assert.equal(closed.response.close, 'protocol_version')
})

test('HelloRetryRequest and the second hello', async () => {
  const { steps, witness } = await record({ ...plain, ecdhCurve: 'P-384' }, { ...client, ecdhCurve: 'X25519:P-384' })
  assert.equal(witness.error, undefined)
  const { handshake: { request, response, ...m } } = read(steps)
  assert.deepEqual([request.groups, request.keyShares], [['x25519', 'secp384r1'], ['x25519']])
  assert.deepEqual(response.retry, { group: 'secp384r1' })
  assert.deepEqual(request.afterRetry, { keyShares: ['secp384r1'] })
  assert.deepEqual([response.group, response.version, m.complete], ['secp384r1', 'TLS 1.3', true])
  assert.equal(m.elapsedMicros, 3 * STEP_MICROS)
})

test('post-quantum key agreement, where OpenSSL has it', async (t) => {
  const options = { ecdhCurve: 'X25519MLKEM768' }
  let recorded
  try {
    recorded = await record({ ...plain, ...options }, { ...client, ...options })
  } catch {
    t.skip('missing: X25519MLKEM768 in the OpenSSL of this Node')
    return
  }
  const { handshake: { request, response } } = read(recorded.steps)
  assert.deepEqual([response.group, response.postQuantum, request.postQuantum], ['X25519MLKEM768', true, true])
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`resumption by ticket, ${version}`, async () => {
    const server = await startServer({ ...plain, maxVersion: version, minVersion: version })
    try {
      const first = await recordTo(portOf(server), client)
      assert.equal(read(first.steps).handshake.response.resumed, false)
      const second = await recordTo(portOf(server), { ...client, session: first.witness.session! })
      assert.equal(second.witness.resumed, true)
      const { handshake: { request, response, ...m } } = read(second.steps)
      assert.deepEqual([response.resumed, response.resumption, m.complete], [true, version === 'TLSv1.2' ? 'ticket' : 'psk', true])
      assert.equal(response.certificate, undefined)
      if (version === 'TLSv1.2') assert.ok(Number(request.sessionTicketBytes) > 0)
      else assert.deepEqual([request.pskIdentities, request.pskModes, response.selectedPsk], [1, ['psk_dhe_ke'], 0])
    } finally {
      server.close()
    }
  })
}

test('resumption by session id, TLS 1.2', async () => {
  const { SSL_OP_NO_TICKET } = (await import('node:crypto')).constants
  const server = await startServer({ ...plain, maxVersion: 'TLSv1.2', secureOptions: SSL_OP_NO_TICKET })
  const sessions = new Map<string, Buffer>()
  server.on('newSession', (id: Buffer, data: Buffer, done: () => void) => { sessions.set(id.toString('hex'), data); done() })
  server.on('resumeSession', (id: Buffer, done: (error: null, data: Buffer | null) => void) => { done(null, sessions.get(id.toString('hex')) ?? null) })
  try {
    const options = { ...client, secureOptions: SSL_OP_NO_TICKET }
    const first = await recordTo(portOf(server), options)
    const second = await recordTo(portOf(server), { ...options, session: first.witness.session! })
    assert.equal(second.witness.resumed, true)
    const { response, request } = read(second.steps).handshake
    assert.deepEqual([response.resumed, response.resumption, request.sessionIdBytes], [true, 'session-id', 32])
  } finally {
    server.close()
  }
})

test('turns and the closing count what went over the wire', async () => {
  const { steps } = await record({ ...plain, maxVersion: 'TLSv1.2' }, client)
  const { turns, closed } = read(steps)
  // 4 bytes of data, 8 of nonce, 16 of tag, 5 of header.
  assert.deepEqual(turns.map((m) => [m.request.records, m.request.bytes, m.response.records, m.response.bytes]), [[1, 33, 1, 33]])
  assert.equal(turns[0]!.elapsedMicros, STEP_MICROS)
  assert.deepEqual([closed.request.records, closed.request.bytes, closed.response.records, closed.response.bytes], [1, 33, 1, 33])
  assert.deepEqual([closed.request.close, closed.response.close], ['encrypted alert', 'encrypted alert'])
  for (const [side, half] of [[0, closed.request], [1, closed.response]] as const) {
    assert.equal(half.streamBytes, sum(steps.filter((step) => step.side === side).map((step) => step.bytes.length)))
  }
  assert.equal(closed.request.durationMicros, steps.at(-1)!.at - steps[0]!.at)
  assert.equal(closed.what, 'TLS 1.2 closed cart.shop.example')
})

test('without the setting there are no turns', async () => {
  const { steps } = await record(plain, client)
  const { messages } = listen(tls, steps, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, ciphertextTurns: false })
  assert.deepEqual(messages.map((m) => (m['request'] as Facts).kind), ['handshake', 'closed'])
})
