import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { ca, openServer, response, socketPath } from '../../src/identity/workload-api.fixture.ts'
import { EchoApp, Mesh, SidecarProcess, forEitherEngine, openTls } from './sidecar.fixture.ts'

forEitherEngine('a Workload API gives the identity; it may die, and is listened to when it is back', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, admin, path] = [mesh.address(), mesh.address(), socketPath(t)]
  const file = mesh.write('cart.yaml', `admin: "${admin}"\nidentity: { workloadApi: "unix://${path}" }\ninbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\n`)
  const cart = new SidecarProcess(t, engine, file, admin)
  await cart.said('no identity yet, trying again')
  const first = await response('cart')
  const stop = await openServer(t, path, (call) => void call.write(first))
  await cart.said('ready:')
  const client = { ...await mesh.client('web', ca), ca: ca.certificatePem }
  const shown = async (): Promise<string> => {
    const socket = await openTls(wire, client)
    const { subjectaltname, serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return `${subjectaltname} ${serialNumber}`
  }
  const before = await shown()
  assert.match(before, /URI:spiffe:\/\/shop\.test\/cart /)
  stop()
  rmSync(path, { force: true })
  await cart.said('the old identity is kept: no identity from the Workload API')
  assert.equal(await shown(), before)
  const second = await response('cart')
  await openServer(t, path, (call) => void call.write(second))
  await cart.said('new certificate of spiffe://shop.test/cart')
  await cart.until('the new certificate', async () => await shown() !== before)
  assert.equal((await cart.ask('/readyz')).status, 200)
})
