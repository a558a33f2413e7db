import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import * as tls from 'node:tls'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { TlsMaterial } from '../../src/proxy/relay/relay.ts'
import { need } from '../require.ts'
import type { MaterialFiles, TestRelay } from './relay-pair.ts'
import { HOUR_MS, PLAN, TestPki, freePorts, inboundPlan, serve, spiffeId, startRelay, startRelayProcess, writeMaterial } from './relay-pair.ts'

let pki: TestPki
before(async () => { pki = await TestPki.create() })

interface Refusing { readonly relay: TestRelay, readonly port: number, heard(): number }

/** A sidecar that lets web in, before an app that counts its callers. */
async function startRefusing(t: TestContext, limits: Partial<typeof PLAN.limits> = {}): Promise<Refusing> {
  const app = await serve(t, (socket) => socket.end('canary of the app'))
  const [port] = await freePorts(1)
  const inbound = inboundPlan(port, app.port, { allow: { default: [spiffeId('web')], ports: {} } })
  const relay = await startRelay(t, { ...PLAN, inbound, limits: { ...PLAN.limits, ...limits } }, await pki.material('cart'))
  return { relay, port, heard: () => app.sockets.length }
}

/** What openssl s_client says of it, standard error too. */
function openssl(port: number, ...options: string[]): string {
  const { stdout, stderr } = spawnSync('openssl', ['s_client', '-ign_eof', '-connect', `127.0.0.1:${port}`, ...options], { input: 'let me in\n', encoding: 'utf8', timeout: 60_000 })
  return stdout + stderr
}

function clientOptions({ chain, key }: MaterialFiles): string[] {
  return ['-cert', chain, '-key', key]
}

function hasOpenssl(t: TestContext): boolean {
  return need(t, 'peers', spawnSync('openssl', ['version']).status === 0, 'openssl')
}

for (const { what, alert, reason, detail = /./, options } of [
  { what: 'no certificate', alert: 116, reason: 'handshake-failed', options: async () => [] },
  { what: 'an expired certificate', alert: 45, reason: 'handshake-failed', detail: /: certificate has expired$/, options: async (t) => clientOptions(writeMaterial(t, await pki.material('web', -HOUR_MS))) },
  { what: 'a certificate of a foreign CA', alert: 48, reason: 'handshake-failed', detail: /: unable to get (local )?issuer certificate$/, options: async (t) => clientOptions(writeMaterial(t, await (await TestPki.create()).material('web'))) },
  { what: 'the identity of somebody else', alert: 49, reason: 'identity-refused', options: async (t) => clientOptions(writeMaterial(t, await pki.material('mallory'))) },
  { what: 'TLS 1.2', alert: 70, reason: 'handshake-failed', options: async () => ['-tls1_2'] },
  { what: 'TLS 1.1', alert: 70, reason: 'handshake-failed', options: async () => ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'] },
] satisfies { what: string, alert: number, reason: string, detail?: RegExp, options: (t: TestContext) => Promise<string[]> }[]) {
  test(`${what} is refused with alert ${alert}, and nothing is passed on`, async (t) => {
    if (!hasOpenssl(t)) return
    const { relay, port, heard } = await startRefusing(t)
    const said = openssl(port, ...await options(t))
    assert.match(said, new RegExp(`SSL alert number ${alert}\\b`))
    assert.doesNotMatch(said, /canary/)
    const [line] = await relay.next()
    assert.equal(line.reason, reason)
    assert.match(line.detail, detail)
    assert.equal(heard(), 0)
  })
}

/** What the app said, or the code of the alert. */
async function call(port: number, { keyPem, chainPem, bundlePem }: TlsMaterial): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'cart', key: keyPem, cert: chainPem, ca: bundlePem })
  socket.end('let me in\n')
  return text(socket).catch((error: NodeJS.ErrnoException) => error.code ?? error.message)
}

test('who was let in before is refused once the certificate has expired', async (t) => {
  const { port } = await startRefusing(t)
  // A slow machine needs longer for the first handshake.
  for (let lifeMs = 3000; lifeMs < HOUR_MS; lifeMs *= 2) {
    const untilMillis = Date.now() + lifeMs
    const web = await pki.material('web', lifeMs)
    if (await call(port, web) !== 'canary of the app') continue
    await sleep(untilMillis + 1000 - Date.now())
    assert.match(await call(port, web), /CERTIFICATE_EXPIRED/)
    return
  }
  assert.fail('never let in')
})

test('who was let in before is refused when the bundle no longer has its CA', async (t) => {
  const { relay, port } = await startRefusing(t)
  const web = await pki.material('web')
  for (let i = 0; i < 2; i++) assert.equal(await call(port, web), 'canary of the app')
  // The new bundle is for whoever calls; that of the old CA is for the one who calls.
  relay.replaceIdentity({ ...await pki.material('cart'), bundlePem: (await TestPki.create()).ca.certificatePem })
  let said = ''
  for (let tries = 0; tries < 200 && (said = await call(port, web)) === 'canary of the app'; tries++) await sleep(20)
  assert.match(said, /UNKNOWN_CA/)
})

async function answerTo(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.end(bytes)
  return buffer(socket).catch(() => Buffer.alloc(0))
}

/** A record of the ClientHello type that says to be of `length` bytes, and zeros for `sent`. */
function helloOf(length: number, sent: number): Buffer {
  const message = Buffer.alloc(4 + sent)
  message.writeUInt32BE(0x0100_0000 + length)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += 16_384) {
    const part = message.subarray(at, at + 16_384)
    records.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part)
  }
  return Buffer.concat(records)
}

for (const { what, bytes } of [
  { what: 'plaintext', bytes: Buffer.from('GET / HTTP/1.1\r\nhost: cart\r\n\r\n') },
  { what: 'garbage', bytes: Buffer.alloc(4096, 0xa5) },
  { what: 'a handshake of sixteen megabytes', bytes: helloOf(0xff_ffff, 200_000) },
  { what: 'a ClientHello of zeros', bytes: helloOf(200, 200) },
]) {
  test(`${what} is refused, and nothing is passed on`, async (t) => {
    const { relay, port, heard } = await startRefusing(t)
    const answer = await answerTo(port, bytes)
    assert.ok(answer.length === 0 || answer[0] === 21, 'something else than an alert came back')
    assert.equal((await relay.next())[0].reason, 'handshake-failed')
    assert.equal(heard(), 0)
    assert.equal(relay.metrics().active, 0)
  })
}

test('a handshake that takes its time is given up', async (t) => {
  const { relay, port } = await startRefusing(t, { handshakeTimeoutMs: 600 })
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  const hello = helloOf(500, 500)
  let at = 0
  const drip = setInterval(() => socket.write(hello.subarray(at, ++at)), 20)
  t.after(() => clearInterval(drip))
  await new Promise((resolve) => socket.once('close', resolve))
  assert.equal((await relay.next())[0].reason, 'handshake-timeout')
  assert.equal(relay.metrics().handshakeTimeouts, 1)
})

/** A tenth of what is promised, so that the tests stay quick; `MTLSCOPE_BAD_CONNECTIONS=100000` has them all. */
const BAD_CONNECTIONS = Number(process.env.MTLSCOPE_BAD_CONNECTIONS ?? 10_000)
const FIRST_CONNECTIONS = 2000

test(`${BAD_CONNECTIONS} bad connections leave nothing behind`, async (t) => {
  const app = await serve(t, () => {})
  const [port] = await freePorts(1)
  // In a process of its own, because those that call need memory too.
  const relay = await startRelayProcess(t, { ...PLAN, inbound: inboundPlan(port, app.port) }, await pki.material('cart'))
  await badConnections(port, FIRST_CONNECTIONS)
  // A failed handshake is counted before its connection is closed.
  await relay.until(({ handshakesFailed, active }) => handshakesFailed === FIRST_CONNECTIONS && active === 0)
  const before = relay.use()
  await badConnections(port, BAD_CONNECTIONS - FIRST_CONNECTIONS)
  await relay.until(({ handshakesFailed, active }) => handshakesFailed === BAD_CONNECTIONS && active === 0)
  const after = relay.use()
  assert.equal(app.sockets.length, 0)
  assert.equal(after.descriptors, before.descriptors)
  // Each leaves a line to be told, which waits for the garbage collector; 8000 SSL objects would be 100 MB.
  assert.ok(after.rssBytes - before.rssBytes < 40e6, `memory grew by ${after.rssBytes - before.rssBytes} bytes`)
})

async function badConnections(port: number, count: number): Promise<void> {
  const kinds = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(300, 0xa5), helloOf(200, 200), Buffer.alloc(0)]
  let next = 0
  const one = (): Promise<void> => new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1' }, () => socket.end(kinds[next % kinds.length]))
    socket.on('error', () => {}).on('close', () => resolve()).resume()
  })
  const line = async (): Promise<void> => {
    while (next++ < count) await one()
  }
  await Promise.all(Array.from({ length: 32 }, line))
}
