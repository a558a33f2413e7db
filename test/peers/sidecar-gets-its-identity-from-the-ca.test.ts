import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeCa, serveCa } from './ca-process.fixture.ts'
import { EchoApp, Mesh, SidecarProcess, forEitherEngine, openTls } from './sidecar.fixture.ts'

test('with a token, and anew on SIGHUP while connections go on', async (t) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, admin] = [mesh.address(), mesh.address()]
  const ca = await serveCa(mesh, ['cart'])
  const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${ca.address}", bundle: ${ca.bundle}, token: ${ca.tokens.cart}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", default: tls }
`)
  const cart = new SidecarProcess(t, 'embedded', file, admin)
  await cart.said('ready:')
  const open = await openTls(wire, { ca: readFileSync(ca.bundle), checkServerIdentity: () => undefined })
  t.after(() => open.destroy())
  assert.match(open.getPeerCertificate().subjectaltname ?? '', /URI:spiffe:\/\/shop\.test\/cart/)
  cart.child.kill('SIGHUP')
  await cart.said('new certificate of spiffe://shop.test/cart')
  open.write('on')
  assert.equal(String((await once(open, 'data') as [Buffer])[0]), 'on')
  const { identity } = JSON.parse((await cart.ask('/config')).body) as { identity: { name: string } }
  assert.equal(identity.name, 'spiffe://shop.test/cart')
  const secrets = [readFileSync(ca.tokens.cart!, 'utf8').trim(), 'PRIVATE KEY', 'mtlsca_']
  const pages = await Promise.all(['/config', '/metrics', '/connections'].map((path) => cart.ask(path)))
  for (const { body } of pages) for (const secret of secrets) assert.ok(!body.includes(secret))
})

forEitherEngine('a CA that is not there yet is waited for, /readyz says so, and when it comes the sidecar serves', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const [wire, admin] = [mesh.address(), mesh.address()]
  const ca = makeCa(mesh, ['cart'])
  const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${ca.address}", bundle: ${ca.bundle}, token: ${ca.tokens.cart}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:9" }
`)
  const cart = new SidecarProcess(t, engine, file, admin)
  await cart.said('no identity yet, trying again')
  assert.deepEqual(await cart.ask('/readyz'), { status: 503, body: 'waiting for an identity\n' })
  assert.match((await cart.ask('/metrics')).body, /^mtlscope_ready 0$/m)
  await ca.serve()
  await cart.said('ready:')
  assert.equal((await cart.ask('/readyz')).status, 200)
  assert.equal(await cart.end(), 0)
})

test('a token that the CA does not know ends it, with what the CA said', async (t) => {
  const mesh = await Mesh.create(t)
  const admin = mesh.address()
  const ca = await serveCa(mesh, ['cart'])
  const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${ca.address}", bundle: ${ca.bundle}, token: ${mesh.write('token', 'mtlsca_00000000_x\n')}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${mesh.address()}", to: "127.0.0.1:9" }
`)
  const cart = new SidecarProcess(t, 'embedded', file, admin)
  assert.equal(await cart.exit(), 1)
  assert.match(cart.stderr, /^mtlscope: error: the CA at \S+ refused: /m)
})

const DAMAGED: readonly [what: string, files: { readonly token?: string, readonly bundle?: string }, message: RegExp][] = [
  ['a token of two lines', { token: '# mine\nmtlsca_x\n' }, /error: \S+token holds no token\nmtlscope: hint: one line/],
  ['an empty token', { token: '\n' }, /error: \S+token holds no token\n/],
  ['a bundle without a certificate', { bundle: 'nothing\n' }, /error: the bundle \S+bundle holds no certificate\n/],
]
for (const [what, { token = 'x\n', bundle }, message] of DAMAGED) {
  test(`${what} ends it with exit code 1, and names the file`, async (t) => {
    const mesh = await Mesh.create(t)
    const admin = mesh.address()
    await mesh.identity('cart')
    const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${mesh.address()}", bundle: ${bundle === undefined ? 'cart/mesh-ca.pem' : mesh.write('bundle', bundle)}, token: ${mesh.write('token', token)}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${mesh.address()}", to: "127.0.0.1:9" }
`)
    const cart = new SidecarProcess(t, 'embedded', file, admin)
    assert.equal(await cart.exit(), 1)
    assert.match(cart.stderr, message)
  })
}

test('a token that is damaged while it runs is told, and the identity is kept', async (t) => {
  const mesh = await Mesh.create(t)
  const [wire, admin] = [mesh.address(), mesh.address()]
  const ca = await serveCa(mesh, ['cart'])
  const token = readFileSync(ca.tokens.cart!, 'utf8')
  const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${ca.address}", bundle: ${ca.bundle}, token: ${ca.tokens.cart}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:9", default: tls }
`)
  const cart = new SidecarProcess(t, 'embedded', file, admin)
  await cart.said('ready:')
  mesh.write('cart.token', 'a\nb\n')
  cart.child.kill('SIGHUP')
  await cart.said('cart.token holds no token')
  assert.equal((await cart.ask('/readyz')).status, 200)
  mesh.write('cart.token', token)
  await cart.said('new certificate of spiffe://shop.test/cart')
})
