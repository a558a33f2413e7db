import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { parseMetrics } from '../../src/base/metrics.fixture.ts'
import { EchoApp, Mesh, callTls, forEngine, forEitherEngine, foreignAuthority, openTls } from './sidecar.fixture.ts'

/** Reasons that one counter stands for together. */
const TOGETHER: Record<string, string> = {
  'connect-refused': 'connect-failed', 'client-reset': 'reset', 'server-reset': 'reset', 'client-broken': 'reset', 'server-broken': 'reset',
  'client-truncated': 'truncated', 'server-truncated': 'truncated',
}

/** Sends the bytes and an end, and waits for what becomes of it. */
async function callPlain(address: string, bytes = ''): Promise<void> {
  const [host, port] = address.split(':')
  const socket = connect({ host, port: Number(port) })
  socket.end(bytes)
  await closed(socket)
}

/** Also by an error. */
async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

forEngine('embedded', 'each reason in the log has a counter, and each counter as many lines', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const [wire, self, toNobody, toPlain, toNoName] = Array.from({ length: 5 }, () => mesh.address()) as [string, string, string, string, string]
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", allow: ["spiffe://shop.test/web", "spiffe://shop.test/cart"] }
outbound:
  mode: redirect
  listen: "${self}"
  map: [{ listen: "${toNobody}", to: "127.0.0.1:1" }, { listen: "${toPlain}", to: "127.0.0.1:${(silent.address() as AddressInfo).port}" }, { listen: "${toNoName}", to: "no.such.name.invalid:80" }]
limits: { connections: 3, handshakeTimeout: 4s, idleTimeout: 6s }
`)
  const client = await mesh.client('web')
  assert.equal(await callTls(wire, client), 'hello')
  assert.equal(await callTls(wire, client), 'hello')
  await callPlain(wire, 'GET / HTTP/1.1\r\n\r\n')
  await callTls(wire, await mesh.client('mallory'))
  await callTls(wire, await mesh.client('web', await foreignAuthority()))
  for (const address of [self, toNobody, toPlain, toNoName]) await callPlain(address)
  const reset = await openTls(wire, client)
  reset.on('error', () => {})
  reset.write('x')
  await once(reset, 'data')
  reset.destroy()
  const idle = await openTls(wire, client)
  await closed(idle)
  await cart.until('one too many', async () => {
    // Those of the turn before may still be counted: then these are turned away.
    const held = await Promise.allSettled([1, 2, 3].map(() => openTls(wire, client)))
    await callPlain(wire)
    for (const opened of held) if (opened.status === 'fulfilled') opened.value.on('error', () => {}).destroy()
    return cart.lines.some(({ reason }) => reason === 'limit')
  })

  for (const reason of ['finished', 'handshake-failed', 'identity-refused', 'self-call', 'connect-refused', 'handshake-timeout', 'unresolved', 'idle', 'limit']) await cart.line(reason, (line) => line.reason === reason)
  await cart.until('none open', async () => (await cart.ask('/connections')).body.trim() === '{"connections":[]}')
  const counted = (): Promise<Record<string, number>> => cart.ask('/metrics').then(({ body }) =>
    Object.fromEntries(parseMetrics(body).filter(({ name, value }) => name === 'mtlscope_failures_total' && value > 0).map(({ labels, value }) => [labels.reason, value])))
  const logged = (): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { reason } of cart.lines) if (reason !== 'finished') counts[TOGETHER[reason] ?? reason] = (counts[TOGETHER[reason] ?? reason] ?? 0) + 1
    return counts
  }
  // Lines come some 50 ms after their connection has ended.
  await cart.until('as many lines as counted', async () => isDeepStrictEqual(await counted(), logged())).catch(async () => assert.deepEqual(await counted(), logged()))
  const samples = parseMetrics((await cart.ask('/metrics')).body)
  const value = (name: string, labels: Record<string, string> = {}): number =>
    samples.filter((sample) => sample.name === name && Object.entries(labels).every(([key, one]) => sample.labels[key] === one)).reduce((sum, one) => sum + one.value, 0)
  const sum = (of: (line: typeof cart.lines[number]) => number): number => cart.lines.reduce((all, line) => all + of(line), 0)
  assert.equal(value('mtlscope_connections_active'), 0)
  assert.equal(value('mtlscope_bytes_total', { way: 'sent' }), sum(({ bytesSent }) => bytesSent))
  assert.equal(value('mtlscope_bytes_total', { way: 'received' }), sum(({ bytesReceived }) => bytesReceived))
  assert.equal(value('mtlscope_ready'), 1)
})

forEitherEngine('its metrics are what a strict reader of the format reads, each with HELP and TYPE, and say until when the certificate is good', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }`)
  assert.equal(await callTls(wire, await mesh.client('web')), 'hello')
  const page = (await cart.ask('/metrics')).body
  const own = page.split(/^(?=# TYPE envoy_)/m)[0]!
  const samples = parseMetrics(own)
  const expiry = samples.find(({ name }) => name === 'mtlscope_identity_expiry_timestamp_seconds')?.value ?? 0
  const { identity } = JSON.parse((await cart.ask('/config')).body) as { identity: { notAfter: string } }
  assert.equal(expiry * 1000, Date.parse(identity.notAfter))
  const documented = samples.map(({ name }) => name)
  assert.equal(documented.includes('mtlscope_connections_total'), engine === 'embedded')
  if (engine === 'envoy') {
    const names = [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    assert.equal(new Set(names).size, names.length)
    assert.match(page, /^envoy_listener_ssl_handshake\{[^}]*\} 1$/m)
  }
})
