import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, rmSync } from 'node:fs'
import { EchoApp, Mesh, callTls, forEachEngine, forEngine } from './sidecar.fixture.ts'

forEachEngine('kill -9: its port refuses at once, nothing of it goes on', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }`)
  const client = await mesh.client('web')
  assert.equal(await callTls(wire, client), 'hello')
  cart.child.kill('SIGKILL')
  // What nobody was left to remove.
  t.after(() => { for (const folder of globSync(`/dev/shm/mtlscope-envoy-${cart.child.pid}-*`)) rmSync(folder, { recursive: true }) })
  await cart.until('exit and refusal', async () => await callTls(wire, client) === 'ECONNREFUSED')
})

forEngine('envoy', 'an Envoy that ends by itself is started anew', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }`)
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(cart.child.pid)], { encoding: 'utf8' }).trim().split('\n')
  for (const pid of children) process.kill(Number(pid), 'SIGKILL')
  await cart.said('envoy ended by itself')
  const client = await mesh.client('web')
  await cart.until('service again', async () => await callTls(wire, client) === 'hello')
})
