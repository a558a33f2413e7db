import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCanary } from '../../src/cli/canary-run.ts'
import { Mesh, SidecarProcess } from '../peers/sidecar.fixture.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { serveShop } from './peers.ts'

const netns = ensureNetns()
const PATIENCE_MS = 30_000
const APP_UID = 65_534

test('through two sidecars the token is on both loopbacks and on no wire; beside them it is on the wire', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  await serveShop(t, cart)
  const mesh = await Mesh.create(t)
  await mesh.identity('web')
  await mesh.identity('cart')
  const start = async (name: string, where: string, yaml: string): Promise<void> => {
    const file = mesh.write(`${name}.yaml`, `workload: ${name}\nidentity: { dir: ${name} }\n${yaml}`)
    await new SidecarProcess(t, 'embedded', file, '127.0.0.1:15000', ['ip', 'netns', 'exec', where]).said('ready:')
  }
  await start('cart', cart.name, 'inbound: { mode: listen, listen: "10.99.0.2:15006", to: "127.0.0.1:8080", allow: ["spiffe://shop.test/web"] }\n')
  // The app is another user than the sidecar, as in a pod: what it calls is redirected.
  await start('web', web.name, 'outbound: { mode: redirect, listen: 15001, expect: [{ to: "10.99.0.2:15006", identity: "spiffe://shop.test/cart" }] }\n')
  web.run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '-m', 'owner', '--uid-owner', `${APP_UID}`, '-j', 'REDIRECT', '--to-ports', '15001')
  const places = [web, cart].map(({ path, name }) => ({ path, name }))
  const route = { netnsPath: web.path, ip: '10.99.0.2', host: 'cart' }

  const kept = await runCanary({ route: { ...route, port: 15_006, asUid: APP_UID }, places, timeoutMs: PATIENCE_MS })
  assert.equal(kept.verdict, 'kept', JSON.stringify(kept))
  assert.deepEqual(new Set(kept.sightings.map(({ place, interface: name, hop }) => `${place}/${name} ${hop}`)), new Set([`${web.name}/lo clear`, `${cart.name}/lo clear`]))
  assert.deepEqual(kept.findings, [])

  const leaked = await runCanary({ route: { ...route, port: 8080 }, places, timeoutMs: PATIENCE_MS })
  assert.equal(leaked.verdict, 'leaked', JSON.stringify(leaked))
  assert.match(leaked.because, /veth0, frame \d+, 10\.99\.0\.1:\d+ → 10\.99\.0\.2:8080$/)
  assert.ok(leaked.findings.every(({ kind, severity, frame }) => kind === 'canary-on-wire' && severity === 'critical' && frame! > 0))
  assert.deepEqual(new Set(leaked.sightings.map(({ hop }) => hop)), new Set(['wire']))

  const unheard = await runCanary({ route: { ...route, port: 9 }, places, timeoutMs: PATIENCE_MS })
  assert.equal(unheard.verdict, 'unproved')
  const unseen = await runCanary({ route: { ...route, port: 15_006, asUid: APP_UID }, places: [], timeoutMs: PATIENCE_MS })
  assert.match(unseen.because, /the token was seen nowhere/)
})
