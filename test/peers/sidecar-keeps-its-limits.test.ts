import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { EchoApp, Mesh, callTls, forEitherEngine, openTls } from './sidecar.fixture.ts'
import type { Engine, SidecarProcess } from './sidecar.fixture.ts'

/** A connection that says nothing, until it is ended from the other side. */
async function silence(address: string): Promise<void> {
  const [host, port] = address.split(':')
  await ended(connect({ host, port: Number(port) }))
}

async function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

interface Limited { readonly cart: SidecarProcess, readonly wire: string, readonly client: ConnectionOptions }

/** Each limit has a sidecar of its own: on a slow machine a short one would end what another test needs. */
async function start(t: TestContext, engine: Engine, limits: string): Promise<Limited> {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\nlimits: { ${limits} }`)
  return { cart, wire, client: await mesh.client('web') }
}

forEitherEngine('a handshake that takes too long ends', async (t, engine) => {
  const { cart, wire } = await start(t, engine, 'handshakeTimeout: 700ms')
  await silence(wire)
  const { security, bytesSent } = await cart.line('of it', ({ reason }) => reason === 'handshake-timeout')
  assert.deepEqual([security, bytesSent], [undefined, 0])
})

forEitherEngine('a connection on which nothing moves ends', async (t, engine) => {
  const { cart, wire, client } = await start(t, engine, 'idleTimeout: 2s')
  const idle = await openTls(wire, client)
  idle.write('hello')
  await ended(idle)
  const line = await cart.line('of it', ({ reason }) => reason === 'idle')
  assert.deepEqual([line.security, line.clientIdentity, line.bytesSent, line.bytesReceived], ['mtls', 'spiffe://shop.test/web', 5, 5])
})

forEitherEngine('a connection too many is turned away, and there is room again when others have ended', async (t, engine) => {
  const { cart, wire, client } = await start(t, engine, 'connections: 2')
  const held = await Promise.all([openTls(wire, client), openTls(wire, client)])
  for (const socket of held) socket.on('error', () => {})
  assert.notEqual(await callTls(wire, client), 'hello')
  if (engine === 'embedded') await cart.line('of the one too many', ({ reason }) => reason === 'limit')
  for (const socket of held) socket.destroy()
  await cart.until('room again', async () => await callTls(wire, client) === 'hello')
})

forEitherEngine('an app that is not there, a name without an address and a server without TLS end with their reasons, and the client gets no answer', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const plain = createServer((socket) => void socket.on('error', () => {}).end('220 ready\r\n')).listen(0, '127.0.0.1')
  t.after(() => plain.close())
  await once(plain, 'listening')
  const [wire, toNobody, toNoName, toPlain] = Array.from({ length: 4 }, () => mesh.address()) as [string, string, string, string]
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:1" }
outbound: { map: [{ listen: "${toNobody}", to: "127.0.0.1:1" }, { listen: "${toNoName}", to: "no.such.name.invalid:80" }, { listen: "${toPlain}", to: "127.0.0.1:${(plain.address() as AddressInfo).port}" }] }`)
  assert.notEqual(await callTls(wire, await mesh.client('web')), 'hello')
  const refused = await cart.line('of the app', ({ direction, reason }) => direction === 'inbound' && reason === 'connect-refused')
  assert.equal(refused.clientIdentity, 'spiffe://shop.test/web')
  for (const [address, wanted] of [[toNobody, 'connect-refused'], [toNoName, 'unresolved'], [toPlain, 'handshake-failed']] as const) {
    const before = cart.lines.length
    await silence(address)
    await cart.until('a line', () => cart.lines.length > before)
    assert.deepEqual([cart.lines.at(-1)!.reason, cart.lines.at(-1)!.bytesReceived], [wanted, 0])
  }
})
