import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
  await cart.until('exit and refusal', async () => await callTls(wire, client) === 'ECONNREFUSED')
})

forEngine('envoy', 'kill -9: no key of it stays in memory, and nothing else', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const cart = await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:1" }`)
  const folders = (): string[] => globSync(['/dev/shm', tmpdir()].map((parent) => `${parent}/mtlscope-envoy-${cart.child.pid}-*`))
  const [folder, ...others] = folders()
  assert.ok(folder !== undefined && others.length === 0)
  assert.match(readFileSync(`${folder}/identity.json`, 'utf8'), /PRIVATE KEY/)
  cart.child.kill('SIGKILL')
  await cart.until('exit and the end of the folder', () => folders().length === 0)
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
