import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { randomBytes } from 'node:crypto'
import { EchoApp, Mesh, callTls, foreignAuthority, forEachEngine } from './sidecar.fixture.ts'

/** What comes back for plain bytes. */
function callPlain(address: string, bytes: string | Buffer = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', thenEnd = false): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) }, () => thenEnd ? socket.end(bytes) : socket.write(bytes))
    let heard = ''
    socket.setEncoding('latin1').on('data', (piece: string) => { heard += piece })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })
}

forEachEngine('no certificate, a foreign one, a wrong identity and plaintext get nothing through', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", allow: ["spiffe://shop.test/web"] }`)
  const ca = (await mesh.client('web')).ca
  assert.equal(await callTls(wire, { ca, checkServerIdentity: () => undefined }), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
  assert.match(await callTls(wire, await mesh.client('web', await foreignAuthority())), /ERR_SSL_(TLSV1_ALERT_UNKNOWN_CA|.*CERTIFICATE_UNKNOWN)/)
  assert.match(await callTls(wire, await mesh.client('stranger')), engine === 'embedded' ? /ALERT_ACCESS_DENIED/ : /ALERT_/)
  assert.doesNotMatch(await callPlain(wire), /hello|GET/)
  assert.equal(app.heard, 0)
  assert.equal(await callTls(wire, await mesh.client('web')), 'hello')
  const line = await cart.line('the refusal', ({ reason }) => reason === 'identity-refused')
  assert.equal(line.serverIdentity, 'spiffe://shop.test/cart')
  if (engine === 'embedded') assert.equal(line.clientIdentity, 'spiffe://shop.test/stranger')
  if (engine === 'embedded') assert.match((await cart.ask('/metrics')).body, /^mtlscope_failures_total\{reason="identity-refused"\} 1$/m)
})

/** RFC 8446 §4.1.2, with a server name of so many bytes (RFC 6066 §3). */
function clientHello(nameBytes: number): Buffer {
  const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255)
  const extension = (type: number, ...parts: Buffer[]): Buffer => Buffer.concat([u16(type), u16(Buffer.concat(parts).length), ...parts])
  const extensions = Buffer.concat([
    extension(0, u16(nameBytes + 3), Buffer.of(0), u16(nameBytes), Buffer.alloc(nameBytes, 'a')),
    extension(43, Buffer.of(2, 3, 4)), extension(10, Buffer.of(0, 2, 0, 29)), extension(13, Buffer.of(0, 4, 4, 3, 8, 4)), extension(51, u16(36), u16(29), u16(32), randomBytes(32)),
  ])
  const body = Buffer.concat([Buffer.of(3, 3), randomBytes(32), Buffer.of(0, 0, 2, 0x13, 1, 1, 0), u16(extensions.length), extensions])
  const message = Buffer.concat([Buffer.of(1, body.length >> 16), u16(body.length & 0xffff), body])
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += 16_384) {
    const part = message.subarray(at, at + 16_384)
    records.push(Buffer.of(22, 3, 1), u16(part.length), part)
  }
  return Buffer.concat(records)
}

forEachEngine('a certificate out of its time, old TLS, garbage, a huge name and half a handshake are failed handshakes in the log, and the app hears of none', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }`)
  const [earlier, later] = [new Date(Date.now() - 50_000), new Date(Date.now() + 600_000)]
  const web = await mesh.client('web')
  for (const refuse of [
    async () => assert.match(await callTls(wire, await mesh.client('web', undefined, { notAfter: earlier })), /CERTIFICATE_EXPIRED/),
    async () => assert.match(await callTls(wire, await mesh.client('web', undefined, { notBefore: later })), /ALERT|CERTIFICATE/),
    async () => assert.match(await callTls(wire, { ...web, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), /PROTOCOL_VERSION/),
    async () => assert.match(await callTls(wire, { ...web, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /PROTOCOL_VERSION/),
    () => callPlain(wire, randomBytes(500), true),
    () => callPlain(wire, clientHello(60_000), true),
    () => callPlain(wire, clientHello(10), true),
    () => callPlain(wire, clientHello(10).subarray(0, 40), true),
  ]) {
    const before = cart.lines.length
    await refuse()
    await cart.until('a line', () => cart.lines.length > before)
    const { reason, security, bytesSent } = cart.lines.at(-1)!
    assert.deepEqual([reason, security, bytesSent], ['handshake-failed', undefined, 0], refuse.toString())
  }
  assert.equal(app.sockets.length, 0)
  if (engine === 'embedded') for (const why of ['certificate has expired', 'certificate is not yet valid']) assert.ok(cart.lines.some(({ detail }) => detail.endsWith(why)))
  assert.equal(await callTls(wire, web), 'hello')
})

forEachEngine('a server with another identity than expected is told nothing', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, clear] = [mesh.address(), mesh.address()]
  await Promise.all([mesh.identity('web'), mesh.identity('cart')])
  const [, web] = await Promise.all([
    mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }`),
    mesh.sidecar(engine, 'web', `outbound: { map: [{ listen: "${clear}", to: "${wire}", expect: "spiffe://shop.test/stock" }] }`),
  ])
  assert.equal(await callPlain(clear), '')
  assert.equal(app.heard, 0)
  await web.line('the refusal', ({ reason }) => reason === 'identity-refused')
})
