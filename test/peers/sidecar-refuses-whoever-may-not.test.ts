import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { EchoApp, Mesh, callTls, foreignAuthority, forEachEngine } from './sidecar.fixture.ts'

/** What comes back for plain bytes. */
function callPlain(address: string): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) }, () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
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
