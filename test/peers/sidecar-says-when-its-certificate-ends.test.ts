import assert from 'node:assert/strict'
import { Mesh, forEngine } from './sidecar.fixture.ts'
import type { Engine } from './sidecar.fixture.ts'

/** False where it came too late to be asked while the certificate was valid. */
async function saysBefore(mesh: Mesh, engine: Engine, validForMs: number): Promise<boolean> {
  // Certificates are valid to the second.
  const endMs = Date.now() + validForMs - 1000
  await mesh.identity('cart', { validForMs })
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${mesh.address()}", to: "127.0.0.1:9" }`).catch((error: unknown) => {
    if (Date.now() < endMs) throw error
  })
  if (cart === undefined) return false
  await cart.until('a warning', () => /warning: the certificate of spiffe:\/\/shop.test\/cart expire[sd] at/.test(cart.stderr))
  const early = await cart.ask('/readyz')
  if (Date.now() >= endMs) return false
  assert.match(cart.stderr, /expires at/)
  assert.equal(early.status, 200)
  await cart.said('peers refuse it')
  const { status, body } = await cart.ask('/readyz')
  assert.equal(status, 503)
  assert.match(body, /^the certificate expired at /)
  assert.match((await cart.ask('/metrics')).body, /^mtlscope_ready 0$/m)
  return true
}

forEngine('embedded', 'a warning near the end, another at the end, and /readyz says no', async (t, engine) => {
  const mesh = await Mesh.create(t)
  // A slow machine needs longer until it is there.
  for (let validForMs = 5000; validForMs < 100_000; validForMs *= 2) if (await saysBefore(mesh, engine, validForMs)) return
  assert.fail('never in time')
})
