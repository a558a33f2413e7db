import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { CertificateAuthority } from '../identity/ca.ts'
import { openInbound, openOutbound } from './relay.ts'
import type { RelayIdentity } from './relay.ts'

const now = Date.now()
const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) }
const LOCAL = { ip: '127.0.0.1', port: 0 }
let web: RelayIdentity
let cart: RelayIdentity
let stranger: RelayIdentity
const servers: Server[] = []
const sockets = new Set<Socket>()

before(async () => {
  const ca = await CertificateAuthority.create('shop.test', validity)
  const other = await CertificateAuthority.create('shop.test', validity)
  web = await identity(ca, 'web')
  cart = await identity(ca, 'cart')
  stranger = await identity(other, 'web')
})

after(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

async function identity(ca: CertificateAuthority, name: string): Promise<RelayIdentity> {
  const svid = await ca.issue({ spiffeId: `spiffe://shop.test/${name}`, dnsNames: [name], ...validity })
  return { certificate: svid.certificatePem, privateKey: svid.privateKeyPem, root: ca.certificatePem }
}

/** An app behind an inbound sidecar, and the loopback port of an outbound sidecar that leads to it. */
async function relayTo(app: (socket: Socket) => void, options: { client?: RelayIdentity, serverId?: string } = {}): Promise<number> {
  const appServer = createServer({ allowHalfOpen: true }, (socket) => { keep(socket); app(socket) })
  appServer.listen(0, '127.0.0.1')
  await once(appServer, 'listening')
  const inbound = await openInbound({ listen: LOCAL, forward: { ip: '127.0.0.1', port: portOf(appServer) }, clientIds: ['spiffe://shop.test/web'] }, cart)
  const outbound = await openOutbound({
    name: 'cart', listen: LOCAL, connect: { ip: '127.0.0.1', port: portOf(inbound) }, serverId: options.serverId ?? 'spiffe://shop.test/cart',
  }, options.client ?? web)
  servers.push(appServer, inbound, outbound)
  return portOf(outbound)
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function keep(socket: Socket): Socket {
  sockets.add(socket)
  socket.on('error', () => {})
  return socket
}

function open(port: number): Socket {
  return keep(connect({ host: '127.0.0.1', port, allowHalfOpen: true }))
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

test('bytes go through unchanged both ways, more than any buffer holds', async () => {
  const port = await relayTo((socket) => socket.pipe(socket))
  const sent = randomBytes(8 << 20)
  const client = open(port)
  client.end(sent)
  const got = await readAll(client)
  assert.equal(createHash('sha256').update(got).digest('hex'), createHash('sha256').update(sent).digest('hex'))
})

test('what a client says after its server has finished still arrives', async () => {
  let heard: Promise<Buffer> | undefined
  const port = await relayTo((socket) => { socket.end('goodbye'); heard = readAll(socket) })
  const client = open(port)
  assert.equal((await readAll(client)).toString(), 'goodbye')
  client.end('one more thing')
  await once(client, 'close')
  assert.equal((await heard)?.toString(), 'one more thing')
})

test('an app that resets ends the connection of the other app', async () => {
  const port = await relayTo((socket) => {
    socket.write('half of an ans')
    socket.once('data', () => socket.resetAndDestroy())
  })
  const client = keep(connect({ host: '127.0.0.1', port }))
  const heard: Buffer[] = []
  client.on('data', (chunk) => { heard.push(chunk); client.write('x') })
  await once(client, 'close')
  assert.equal(Buffer.concat(heard).toString(), 'half of an ans')
})

test('a client that resets ends the connection of the app', async () => {
  let ended: Promise<unknown> | undefined
  const port = await relayTo((socket) => {
    ended = new Promise((resolve) => { socket.once('end', resolve); socket.once('error', resolve) })
    socket.write('hello')
    socket.resume()
  })
  const client = open(port)
  await once(client, 'data')
  client.resetAndDestroy()
  await ended
})

test('an app that is not there makes the client see a reset', async () => {
  const inbound = await openInbound({ listen: LOCAL, forward: { ip: '127.0.0.1', port: 1 }, clientIds: ['spiffe://shop.test/web'] }, cart)
  const unreachable = await openOutbound({ name: 'none', listen: LOCAL, connect: { ip: '127.0.0.1', port: 1 }, serverId: 'spiffe://shop.test/cart' }, web)
  const outbound = await openOutbound({ name: 'cart', listen: LOCAL, connect: { ip: '127.0.0.1', port: portOf(inbound) }, serverId: 'spiffe://shop.test/cart' }, web)
  servers.push(inbound, unreachable, outbound)
  await assert.rejects(readAll(open(portOf(unreachable))), { code: 'ECONNRESET' })
  const client = keep(connect({ host: '127.0.0.1', port: portOf(outbound) }))
  client.resume()
  await once(client, 'close')
})

test('a slow reader holds its sender back', async () => {
  let sent = 0
  const port = await relayTo((socket) => {
    const chunk = Buffer.alloc(64 << 10)
    const more = (): void => {
      while (sent < 256 << 20) {
        sent += chunk.length
        if (!socket.write(chunk)) return void socket.once('drain', more)
      }
    }
    more()
  })
  const client = open(port)
  client.pause()
  await once(client, 'connect')
  let before = -1
  while (sent !== before) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  assert.ok(sent > 0 && sent < 64 << 20, `${sent} bytes were taken from a reader that reads nothing`)
  client.destroy()
})

test('a client certificate of another root is refused', async () => {
  const port = await relayTo(() => assert.fail('reached the app'), { client: stranger })
  const client = open(port)
  client.write('GET / HTTP/1.1\r\n\r\n')
  await assert.rejects(readAll(client), { code: 'ECONNRESET' })
})

test('a client of the root whose identity may not call is refused', async () => {
  const port = await relayTo(() => assert.fail('reached the app'), { client: cart })
  const client = keep(connect({ host: '127.0.0.1', port }))
  client.write('GET / HTTP/1.1\r\n\r\n')
  client.on('data', () => assert.fail('heard something'))
  await once(client, 'close')
})

test('a server that proves another identity is refused before a byte is sent', async () => {
  const port = await relayTo(() => assert.fail('reached the app'), { serverId: 'spiffe://shop.test/stock' })
  const client = open(port)
  client.write('secret')
  await assert.rejects(readAll(client), { code: 'ECONNRESET' })
})

test('the wire is TLS 1.3 with ALPN mtlscope, and wants a client certificate', async () => {
  const inbound = await openInbound({ listen: LOCAL, forward: LOCAL, clientIds: [] }, cart)
  servers.push(inbound)
  const wire = connectTls({ host: '127.0.0.1', port: portOf(inbound), ca: cart.root, ALPNProtocols: ['mtlscope'], checkServerIdentity: () => undefined })
  keep(wire)
  const refused = new Promise<NodeJS.ErrnoException>((resolve) => wire.once('error', resolve))
  await once(wire, 'secureConnect')
  assert.deepEqual([wire.getProtocol(), wire.alpnProtocol], ['TLSv1.3', 'mtlscope'])
  // In TLS 1.3 the client is done before the server has looked at its certificate: the alert comes after.
  assert.equal((await refused).code, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
})

test('a listener that is taken is an error, not a silence', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  servers.push(taken)
  await once(taken, 'listening')
  await assert.rejects(openInbound({ listen: { ip: '127.0.0.1', port: portOf(taken) }, forward: LOCAL, clientIds: [] }, cart), { code: 'EADDRINUSE' })
})
