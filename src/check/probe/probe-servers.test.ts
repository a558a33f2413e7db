import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { Pki } from '../../protocols/tls/pki.fixture.ts'
import { SERVER_ID, makePki } from '../../protocols/tls/pki.fixture.ts'
import type { ProbeResult, ProbeTarget } from '../verdict.ts'
import type { ProbeBounds } from './bounds.ts'
import { probeServers } from './probe-servers.ts'

let pki: Pki
before(async () => { pki = await makePki() })

async function portOf(t: TestContext, server: Server): Promise<number> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => { sockets.push(socket.on('error', () => {})) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Everything that the server hears as application data is kept. */
function tlsServer(t: TestContext, options: TlsOptions, heard: string[] = []): Promise<number> {
  const server = createTlsServer({ ...pki.server, ca: pki.ca, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => { heard.push(String(bytes)) })
  })
  server.on('tlsClientError', () => {})
  return portOf(t, server)
}

/** For servers that say nothing more: they must not hold up the tests. */
const SHORT: ProbeBounds = { handshakeMs: 100, settleMs: 100, serverFirstMs: 50, answerMs: 100 }
/** For those that do: nothing here depends on how fast this machine is. */
const PATIENT: ProbeBounds = { handshakeMs: 30_000, settleMs: 100, serverFirstMs: 50, answerMs: 30_000 }

async function probe(port: number, more: Partial<ProbeTarget> = {}): Promise<ProbeResult> {
  const [result] = await probeServers([{ ip: '127.0.0.1', port, tls: true, ...more }], { bounds: { ...PATIENT, settleMs: 30_000 } })
  return result!
}

/** `no-certificate TLS 1.3: refused certificate_required`. */
const lines = (result: ProbeResult): string[] => result.attempts.map(({ kind, version, outcome, alert }) => [`${kind}${version === undefined ? '' : ` ${version}`}:`, outcome, alert].filter((w) => w !== undefined).join(' '))

test('a server that requires a certificate refuses each client that has none of its own', async (t) => {
  const heard: string[] = []
  const result = await probe(await tlsServer(t, { requestCert: true, rejectUnauthorized: true }, heard))
  assert.deepEqual(lines(result), [
    'no-certificate TLS 1.3: refused certificate_required', 'no-certificate TLS 1.2: refused handshake_failure',
    // Node looks at the chain after the handshake, and sends no alert.
    'foreign-certificate TLS 1.3: unknown', 'foreign-certificate TLS 1.2: unknown', 'plaintext: refused unexpected_message',
  ])
  assert.match(result.attempts[2]!.what, /ended the connection after the handshake without an alert/)
  assert.deepEqual([result.chain.length, result.chain[0]!.spiffeId], [2, SERVER_ID])
  assert.deepEqual(heard, [])
})

test('a server that asks and does not insist accepts, and so does one that does not ask', async (t) => {
  const heard: string[] = []
  const [optional, none] = await probeServers([
    { ip: '127.0.0.1', port: await tlsServer(t, { requestCert: true, rejectUnauthorized: false }, heard), tls: true },
    { ip: '127.0.0.1', port: await tlsServer(t, { maxVersion: 'TLSv1.3' }, heard), tls: true },
  ], { bounds: PATIENT })
  const outcomes = ({ attempts }: ProbeResult): string[] => attempts.slice(0, 4).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes(optional!), ['accepted', 'accepted', 'accepted', 'accepted'])
  assert.deepEqual(outcomes(none!), ['accepted', 'accepted', 'unknown', 'unknown'])
  assert.match(none!.attempts[2]!.what, /nobody to show one to/)
  assert.match(optional!.attempts[0]!.what, /asked for a certificate and does not insist/)
  assert.match(none!.attempts[0]!.what, /did not ask for a certificate/)
  assert.deepEqual(heard, [])
})

test('only one version; another name and protocol as the clients had them', async (t) => {
  const seen: unknown[] = []
  const port = await tlsServer(t, {
    requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3', ALPNProtocols: ['istio'], SNICallback: (name, done) => { seen.push(name); done(null) },
  })
  const result = await probe(port, { sni: 'outbound_.80_._.cart', alpn: ['istio', 'h2'] })
  assert.deepEqual(lines(result), [
    'no-certificate TLS 1.3: refused certificate_required', 'no-certificate TLS 1.2: unknown protocol_version',
    'foreign-certificate TLS 1.3: unknown', 'foreign-certificate TLS 1.2: unknown', 'plaintext: refused unexpected_message',
  ])
  assert.ok(seen.length >= 2 && seen.every((name) => name === 'outbound_.80_._.cart'))
})

test('an alert that is not about certificates is no refusal', async (t) => {
  const port = await tlsServer(t, { requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['only-this'] })
  const result = await probe(port, { alpn: ['something-else'] })
  assert.deepEqual(lines(result).slice(0, 4).map((line) => line.split(': ')[1]), Array.from({ length: 4 }, () => 'unknown no_application_protocol'))
})

test('plaintext servers are known by what they say, and get no request', async (t) => {
  const requests: unknown[] = []
  const http = await portOf(t, createHttpServer((request, response) => { requests.push(request.url); response.end() }))
  const greeting = await portOf(t, createServer((socket) => { socket.write('220 mail.example ESMTP\r\n'); socket.resume() }))
  const silent = await portOf(t, createServer((socket) => socket.resume()))
  const at = (port: number, tls: boolean): ProbeTarget => ({ ip: '127.0.0.1', port, tls })
  const results = [
    ...await probeServers([at(http, false), at(http, true)], { bounds: PATIENT }),
    ...await probeServers([at(greeting, true)], { bounds: { ...PATIENT, serverFirstMs: 30_000 } }),
    ...await probeServers([at(silent, true)], { bounds: SHORT }),
  ]
  assert.deepEqual(results.map((result) => lines(result).at(-1)), ['plaintext: accepted', 'plaintext: unknown', 'plaintext: accepted', 'plaintext: unknown'])
  assert.match(results[2]!.attempts.at(-1)!.what, /speaks first.*220 mail\.example ESMTP$/)
  for (const result of results) for (const { kind, outcome } of result.attempts) if (kind !== 'plaintext') assert.equal(outcome, 'unknown')
  assert.deepEqual(requests, [])
})

test('who is not there is asked once; who closes at once is unknown', async (t) => {
  const gone = createServer()
  const port = await portOf(t, gone)
  gone.close()
  await once(gone, 'close')
  const absent = await probe(port)
  assert.match(absent.attempts[0]!.what, /ECONNREFUSED/)
  assert.deepEqual(absent.attempts.map(({ outcome }) => outcome), Array.from({ length: 5 }, () => 'unknown'))
  for (const { what } of absent.attempts.slice(1)) assert.match(what, /not tried: .*ECONNREFUSED/)

  let connections = 0
  const closes = await portOf(t, createServer((socket) => { connections++; socket.destroy() }))
  const closed = await probe(closes)
  assert.deepEqual(closed.attempts.map(({ outcome }) => outcome), Array.from({ length: 5 }, () => 'unknown'))
  assert.equal(connections, 2, 'one for TLS, which it does not speak, and one for plaintext')
})

test('an address that is not of this machine is touched with consent only', async () => {
  const target = { ip: '203.0.113.7', port: 443, tls: true }
  const [refused] = await probeServers([target])
  assert.ok(refused!.attempts.every(({ outcome, what }) => outcome === 'unknown' && what.includes('not probed')))
  const asked: unknown[] = []
  const [again] = await probeServers([target, target], { confirm: (addresses) => { asked.push(addresses); return false } })
  assert.deepEqual(asked, [['203.0.113.7:443']])
  assert.ok(again!.attempts.every(({ what }) => what.includes('not probed')))
  const stopped = AbortSignal.abort()
  const [own] = await probeServers([target], { isOwn: () => true, signal: stopped })
  assert.ok(own!.attempts.every(({ what }) => what.includes('interrupted')), 'an end that was asked for is an end')
})
