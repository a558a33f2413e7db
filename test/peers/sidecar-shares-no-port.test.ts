import assert from 'node:assert/strict'
import { EchoApp, Mesh, SidecarProcess, callTls, forEitherEngine } from './sidecar.fixture.ts'

forEitherEngine('a second sidecar on the same port is refused, with one thread and with two, and the first serves on', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  const inbound = `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\n`
  await mesh.sidecar(engine, 'cart', inbound)
  for (const threads of [1, 2]) {
    const admin = mesh.address()
    const file = mesh.write(`second-${threads}.yaml`, `admin: "${admin}"\nthreads: ${threads}\nidentity: { dir: cart }\n${inbound}`)
    const second = new SidecarProcess(t, engine, file, admin)
    assert.equal(await second.exit(), 1)
    assert.match(second.stderr, new RegExp(`error: cannot listen on ${wire}: EADDRINUSE\nmtlscope: hint: another process listens there`))
  }
  const client = await mesh.client('web')
  for (let n = 0; n < 10; n++) assert.equal(await callTls(wire, client), 'hello')
})
