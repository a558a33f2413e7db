import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { need } from '../require.ts'
import { EchoApp, Mesh, SidecarProcess, callTls, forEngine } from '../peers/sidecar.fixture.ts'
import { ensureNetns } from './enter.ts'

const permitted = ensureNetns()
/** In a mount namespace of its own, where the folder in memory has room for little. */
const SMALL = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o size=256k tmpfs /dev/shm && exec "$@"', 'sh']

forEngine('envoy', 'where new keys cannot be written the old ones are kept and that is told; when there is room they are taken, without being issued again', async (t, engine) => {
  if (!need(t, 'netns', permitted, 'the right to mount in a namespace')) return
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, admin] = [mesh.address(), mesh.address()]
  await mesh.identity('cart')
  const file = mesh.write('cart.yaml', `admin: "${admin}"\nidentity: { dir: cart }\ninbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}" }\n`)
  const cart = new SidecarProcess(t, engine, file, admin, SMALL)
  await cart.said('ready:')
  const ballast = `/proc/${cart.child.pid}/root/dev/shm/ballast`
  assert.throws(() => writeFileSync(ballast, Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' })
  await mesh.identity('cart')
  await cart.said('the old identity is kept: cannot write')
  assert.match(cart.stderr, /for envoy: ENOSPC/)
  const client = await mesh.client('web')
  assert.equal(await callTls(wire, client), 'hello')
  rmSync(ballast)
  await cart.said('new certificate of spiffe://shop.test/cart')
  assert.equal(await callTls(wire, client), 'hello')
  assert.equal((await cart.ask('/readyz')).status, 200)
})
