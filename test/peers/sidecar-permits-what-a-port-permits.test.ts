import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { EchoApp, Mesh, callTls, foreignAuthority, forEitherEngine } from './sidecar.fixture.ts'

async function callPlain(address: string, text: string): Promise<string> {
  const [host, port] = address.split(':')
  const socket = connect({ host, port: Number(port) })
  if (text !== '') socket.write(text)
  let heard = ''
  socket.setEncoding('latin1').on('data', (piece: string) => {
    heard += piece
    // Not at once: an end that comes before Envoy has looked at the first bytes is the end of all. See the table of docs/sidecar.md.
    socket.end()
  }).on('error', () => {})
  await new Promise((resolve) => socket.once('close', resolve))
  return heard
}

forEitherEngine('a permissive port takes mutual TLS, TLS and plaintext, tells them apart, and refuses a certificate that does not hold', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", default: permissive, allow: ["spiffe://shop.test/web"] }`)
  const client = await mesh.client('web')
  const { ca, checkServerIdentity } = client
  assert.equal(await callTls(wire, client), 'hello')
  // Envoy compares names only where it requires a certificate: see the table of docs/sidecar.md.
  const anonymous = engine === 'envoy' ? 'undefined handshake-failed' : 'tls finished'
  assert.equal(await callTls(wire, { ca, checkServerIdentity }), engine === 'envoy' ? 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' : 'hello')
  assert.equal(await callPlain(wire, 'plain'), 'plain')
  assert.match(await callTls(wire, await mesh.client('mallory')), /^ERR_SSL/)
  assert.match(await callTls(wire, await mesh.client('web', await foreignAuthority())), /^ERR_SSL/)
  assert.deepEqual(JSON.parse((await cart.ask('/config')).body).anyoneOfTheMesh, ['inbound on every other port: anyone may call, in plaintext'])
  await cart.until('all lines', () => cart.lines.length === 5)
  assert.deepEqual(cart.lines.map(({ security, reason }) => `${security} ${reason}`).toSorted(),
    ['mtls finished', 'plaintext finished', anonymous, ...engine === 'embedded' ? ['mtls identity-refused', 'undefined handshake-failed'] : ['undefined handshake-failed', 'undefined identity-refused']].toSorted())
  assert.ok(cart.lines.every(({ mode }) => mode === 'permissive'))
})

forEitherEngine('a permissive port that anyone of the mesh may call takes TLS without a certificate', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", default: permissive }`)
  const client = await mesh.client('web')
  assert.equal(await callTls(wire, client), 'hello')
  assert.equal(await callTls(wire, { ca: client.ca, checkServerIdentity: client.checkServerIdentity }), 'hello')
  assert.match(await callTls(wire, await mesh.client('web', await foreignAuthority())), /^ERR_SSL/)
  await cart.until('all lines', () => cart.lines.length === 3)
  assert.deepEqual(cart.lines.map(({ security, reason }) => `${security} ${reason}`).toSorted(), ['mtls finished', 'tls finished', 'undefined handshake-failed'])
})

forEitherEngine('a permissive port lets a server speak first', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const greeter = createServer((socket) => void socket.on('error', () => {}).end('220 ready\r\n')).listen(0, '127.0.0.1')
  t.after(() => greeter.close())
  await once(greeter, 'listening')
  const wire = mesh.address()
  await mesh.identity('cart')
  await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${(greeter.address() as AddressInfo).port}", default: permissive }`)
  assert.equal(await callPlain(wire, ''), '220 ready\r\n')
})

forEitherEngine('a tls port asks for no certificate, and a plaintext port for no TLS', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  await mesh.identity('cart')
  const { ca, checkServerIdentity } = await mesh.client('web')
  for (const mode of ['tls', 'plaintext'] as const) {
    const wire = mesh.address()
    const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", ports: { ${app.port}: ${mode} } }`)
    assert.equal(mode === 'tls' ? await callTls(wire, { ca, checkServerIdentity }) : await callPlain(wire, 'hello'), 'hello')
    const line = await cart.line('of it', ({ reason }) => reason === 'finished')
    assert.deepEqual([line.security, line.mode, line.clientIdentity], [mode, mode, undefined])
    if (mode === 'tls') assert.equal(await callPlain(wire, 'hello, in plain words').then((heard) => heard.includes('hello')), false)
    await cart.end()
  }
})
