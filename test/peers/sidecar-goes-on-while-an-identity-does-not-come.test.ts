import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { EchoApp, Mesh, SidecarProcess, callTls, forEitherEngine, openTls } from './sidecar.fixture.ts'

/** Of a CA at an address where nobody is. */
function absentCa(mesh: Mesh): string {
  const token = mesh.write('token', 'x\n')
  return `identity: { ca: { address: "${mesh.address()}", bundle: cart/mesh-ca.pem, token: ${token}, spiffeId: spiffe://shop.test/cart } }\n`
}

forEitherEngine('a file whose CA is not there holds up neither rotation, nor a better file, nor the end', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [first, second] = [mesh.address(), mesh.address()]
  await mesh.identity('cart')
  const inbound = (listen: string): string => `inbound: { mode: listen, listen: "${listen}", to: "127.0.0.1:${app.port}" }\n`
  const cart = await mesh.sidecar(engine, 'cart', inbound(first))
  const good = readFileSync(cart.file, 'utf8')
  const bad = good.replace('identity: { dir: cart }\n', absentCa(mesh))
  const client = await mesh.client('web')
  const serial = async (): Promise<string> => {
    const socket = await openTls(first, client)
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }

  mesh.write('cart.yaml', bad)
  await cart.said('the old identity is kept: no certificate from the CA')
  const before = await serial()
  await mesh.identity('cart')
  await cart.said('new certificate of spiffe://shop.test/cart')
  await cart.until('the new certificate', async () => await serial() !== before)

  mesh.write('cart.yaml', good.replace(first, second))
  await cart.said('again (it changed)')
  assert.equal(await callTls(second, client), 'hello')
  mesh.write('cart.yaml', bad)
  await cart.until('the CA is asked again', () => cart.stderr.split('ECONNREFUSED').length > cart.stderr.split('again (it changed)')[0]!.split('ECONNREFUSED').length)
  assert.equal(await cart.end(), 0)
  assert.match(cart.stderr, /ended\n$/)
})

forEitherEngine('a file that is put right while the first identity is waited for is obeyed, one that is worse is told', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, admin] = [mesh.address(), mesh.address()]
  await mesh.identity('cart')
  const rest = `admin: "${admin}"\ninbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\n`
  const cart = new SidecarProcess(t, engine, mesh.write('cart.yaml', absentCa(mesh) + rest), admin)
  await cart.said('no identity yet, trying again')
  mesh.write('cart.yaml', `identity: { dir: nowhere }\n${rest}`)
  // Its files are read at once: which of them is missed first is chance.
  await cart.until('a file of nowhere', () => /nowhere\/\S+: ENOENT/.test(cart.stderr))
  assert.deepEqual(await cart.ask('/readyz'), { status: 503, body: 'waiting for an identity\n' })
  mesh.write('cart.yaml', `identity: { dir: cart }\n${rest}`)
  await cart.said('ready:')
  assert.equal(await callTls(wire, await mesh.client('web')), 'hello')
  assert.equal((JSON.parse((await cart.ask('/config')).body) as { identity: { name: string } }).identity.name, 'spiffe://shop.test/cart')
  const socket = await openTls(wire, await mesh.client('web'))
  socket.end()
  await once(socket.resume(), 'close')
})
