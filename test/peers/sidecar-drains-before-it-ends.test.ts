import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { EchoApp, Mesh, callTls, forEachEngine, openTls } from './sidecar.fixture.ts'

forEachEngine('SIGTERM: nobody new, who is there goes on to the end, exit code 0', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  // Longer than all of it takes on a busy machine: it ends with its last connection.
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\nlimits: { drainTimeout: 60s }`)
  const client = await mesh.client('web')
  const open = await openTls(wire, client)
  t.after(() => open.destroy())
  open.on('error', () => {})
  cart.child.kill('SIGTERM')
  await cart.said('draining')
  await cart.until('refusal of new ones', async () => await callTls(wire, client) === 'ECONNREFUSED')
  assert.equal((await cart.ask('/readyz')).status, 503)
  assert.equal((await cart.ask('/healthz')).status, 200)
  open.write('to the end')
  assert.equal(String((await once(open, 'data') as [Buffer])[0]), 'to the end')
  open.end()
  assert.equal(await cart.exit(), 0)
  assert.match(cart.stderr, /mtlscope: ended\n$/)
})

forEachEngine('POST /quitquitquit ends it too, and what outstays the drain is cut off and counted', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\nlimits: { drainTimeout: 300ms }`)
  const open = await openTls(wire, await mesh.client('web'))
  open.on('error', () => {})
  open.write('x')
  await once(open, 'data')
  assert.equal((await cart.ask('/quitquitquit')).status, 405)
  assert.equal((await cart.ask('/quitquitquit', 'POST', { origin: 'http://evil.test' })).status, 403)
  await sleep(50)
  assert.equal(cart.child.exitCode, null)
  const closed = new Promise((resolve) => open.once('close', resolve))
  assert.deepEqual(await cart.ask('/quitquitquit', 'POST'), { status: 200, body: 'draining\n' })
  assert.equal(await cart.exit(), 0)
  await closed
  assert.match(cart.stderr, /1 connection was cut off/)
})
