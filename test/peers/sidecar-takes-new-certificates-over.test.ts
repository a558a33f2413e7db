import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EchoApp, Mesh, forEachEngine, openTls } from './sidecar.fixture.ts'

forEachEngine('a new certificate is shown to new connections, and no open one ends', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  const folder = await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }`)
  const client = await mesh.client('web')
  const old = await openTls(wire, client)
  t.after(() => old.destroy())
  const serialBefore = old.getPeerCertificate().serialNumber
  await mesh.identity('cart')
  await cart.said('new certificate of spiffe://shop.test/cart')
  await cart.until('the new serial', async () => {
    const socket = await openTls(wire, client)
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber !== serialBefore
  })
  old.write('still here')
  const [heard] = await once(old, 'data') as [Buffer]
  assert.equal(heard.toString(), 'still here')

  // A key that is not the certificate's changes nothing, and is told.
  writeFileSync(join(folder, 'key.pem'), (await mesh.client('other')).key as string)
  await cart.said('the old identity is kept: the private key is not that of the certificate')
  const again = await openTls(wire, client)
  assert.notEqual(again.getPeerCertificate().serialNumber, serialBefore)
  again.destroy()
  assert.match((await cart.ask('/metrics')).body, /^mtlscope_identity_updates_total 1$/m)
  assert.equal((await cart.ask('/readyz')).status, 200)
})
