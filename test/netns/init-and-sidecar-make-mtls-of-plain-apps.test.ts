import assert from 'node:assert/strict'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Mesh, SidecarProcess } from '../peers/sidecar.fixture.ts'
import { ensureNetns } from './enter.ts'
import { BACKENDS, init, needTools } from './init-lab.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'
import { serveShop } from './peers.ts'

const permitted = ensureNetns()
const PROXY = 1337

/** A sidecar in the namespace, as a user of its own without any right. */
async function startAs(t: TestContext, mesh: Mesh, namespace: TestNamespace, name: string, yaml: string): Promise<SidecarProcess> {
  const folder = await mesh.identity(name)
  const file = mesh.write(`${name}.yaml`, `workload: ${name}\nidentity: { dir: ${name} }\n${yaml}`)
  chmodSync(mesh.folder, 0o755)
  for (const path of ['key.pem', 'certChain.pem', 'mesh-ca.pem'].map((one) => join(folder, one))) chownSync(path, PROXY, PROXY)
  const prefix = ['ip', 'netns', 'exec', namespace.name, 'setpriv', `--reuid=${PROXY}`, `--regid=${PROXY}`, '--clear-groups']
  const sidecar = new SidecarProcess(t, 'embedded', file, '127.0.0.1:15000', prefix)
  await sidecar.said('ready:')
  return sidecar
}

function callAsApp({ run }: TestNamespace, url: string): string {
  return run('setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', 'sh', '-c', 'curl -s --max-time 20 -o /dev/null -w "%{http_code}" "$0" || true', url)
}

for (const backend of BACKENDS) {
  test(`${backend}: with our rules and a sidecar on both sides apps that know nothing of it talk by mutual TLS, IPv4 and IPv6, and to nobody else`, async (t) => {
    if (!needTools(t, permitted)) return
    const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
    joinNamespaces(web, cart)
    const mesh = await Mesh.create(t)
    await serveShop(t, cart)
    for (const { name } of [web, cart]) {
      const { code, stderr } = await init(['--netns', name, '--backend', backend])
      assert.deepEqual([code, stderr], [0, ''])
    }
    const callee = await startAs(t, mesh, cart, 'cart', 'inbound: { mode: redirect, listen: 15006, allow: ["spiffe://shop.test/web"] }')
    await startAs(t, mesh, web, 'web', 'outbound: { mode: redirect, listen: 15001, expect: [{ to: "*", identity: "spiffe://shop.test/cart" }] }')
    for (const destination of ['10.99.0.2:8080', '[fd99::2]:8080']) {
      assert.match(callAsApp(web, `http://${destination}/`), /^(200|404)$/)
      const line = await callee.line(destination, (one) => (one as unknown as { destination: string }).destination === destination)
      assert.deepEqual([line.security, line.clientIdentity], ['mtls', 'spiffe://shop.test/web'])
    }
    // The proxy's own port leads nowhere.
    assert.equal(callAsApp(web, 'http://10.99.0.2:15006/'), '000')
    assert.equal((await init(['--netns', cart.name, '--probe'])).code, 0)
  })
}
