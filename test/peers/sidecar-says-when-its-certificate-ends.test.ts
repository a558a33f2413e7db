import assert from 'node:assert/strict'
import { Mesh, forEngine } from './sidecar.fixture.ts'

forEngine('embedded', 'a warning near the end, another at the end, and /readyz says no', async (t, engine) => {
  const mesh = await Mesh.create(t)
  await mesh.identity('cart', { validForMs: 5000 })
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${mesh.address()}", to: "127.0.0.1:9" }`)
  await cart.said('warning: the certificate of spiffe://shop.test/cart expires at')
  assert.equal((await cart.ask('/readyz')).status, 200)
  await cart.said('peers refuse it')
  const { status, body } = await cart.ask('/readyz')
  assert.equal(status, 503)
  assert.match(body, /^the certificate expired at /)
  assert.match((await cart.ask('/metrics')).body, /^mtlscope_ready 0$/m)
})
