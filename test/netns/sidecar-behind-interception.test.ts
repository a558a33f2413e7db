import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Mesh, SidecarProcess, forEachEngine } from '../peers/sidecar.fixture.ts'
import type { Engine } from '../peers/sidecar.fixture.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'
import { call, serveIn, serveShop } from './peers.ts'

const canEnter = ensureNetns()

interface Pod { readonly namespace: TestNamespace, readonly sidecar: SidecarProcess }

/** Starts a sidecar inside a namespace. */
async function startPod(t: TestContext, mesh: Mesh, namespace: TestNamespace, engine: Engine, name: string, yaml: string): Promise<Pod> {
  await mesh.identity(name)
  const file = mesh.write(`${name}.yaml`, `workload: ${name}\nidentity: { dir: ${name} }\n${yaml}`)
  const sidecar = new SidecarProcess(t, engine, file, '127.0.0.1:15000', ['ip', 'netns', 'exec', namespace.name])
  await sidecar.said('ready:')
  return { namespace, sidecar }
}

/** Contrast's rules for what comes in: all but `plain` ports to the sidecar, IPv4 and IPv6. */
function captureInbound({ run }: TestNamespace, plain: readonly string[] = []): void {
  for (const iptables of ['iptables', 'ip6tables']) {
    const rule = (...words: string[]): string => run(iptables, '-t', 'mangle', '-A', 'PREROUTING', '-p', 'tcp', ...words)
    rule('-i', 'lo', '-j', 'RETURN')
    rule('-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'RETURN')
    for (const port of plain) rule('--dport', port, '-j', 'RETURN')
    rule('-j', 'TPROXY', '--on-port', '15006')
  }
}

/** The same by REDIRECT. */
function redirectInbound({ run }: TestNamespace): void {
  for (const iptables of ['iptables', 'ip6tables']) run(iptables, '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '-j', 'REDIRECT', '--to-ports', '15006')
}

/** What the app calls; root is the sidecar, as it is here for both engines, so the app is another user. */
function captureOutbound({ run }: TestNamespace): void {
  for (const iptables of ['iptables', 'ip6tables']) run(iptables, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '-m', 'owner', '--uid-owner', '65534', '-j', 'REDIRECT', '--to-ports', '15001')
}

function callAsApp(namespace: TestNamespace, url: string): string {
  return namespace.run('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'curl', '-s', '--max-time', '8', '-o', '/dev/null', '-w', '%{http_code} %{errormsg}', url)
}

forEachEngine('TPROXY inbound and REDIRECT outbound, IPv4 and IPv6: mutual TLS between apps that know nothing of it', async (t, engine) => {
  if (!need(t, 'netns', canEnter, 'the right to make network namespaces')) return
  const [a, b] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(a, b)
  const mesh = await Mesh.create(t)
  await serveShop(t, b)
  await serveShop(t, b, 8081)
  captureInbound(b)
  captureOutbound(a)
  const cart = await startPod(t, mesh, b, engine, 'cart', 'inbound: { mode: tproxy, listen: 15006, ports: { 8081: plaintext }, allow: ["spiffe://shop.test/web"] }')
  const web = await startPod(t, mesh, a, engine, 'web', `outbound:
  mode: redirect
  listen: 15001
  passthrough: ["10.99.0.2:8081-8099"]
  expect: [{ to: "10.99.0.2:8080", identity: "spiffe://shop.test/cart" }]
`)
  assert.match(callAsApp(a, 'http://10.99.0.2:8080/'), /^(200|404)/)
  assert.match(callAsApp(a, 'http://[fd99::2]:8080/'), /^(200|404)/)
  assert.match(callAsApp(a, 'http://10.99.0.2:8081/'), /^(200|404)/)
  for (const destination of ['10.99.0.2:8080', '[fd99::2]:8080']) {
    const line = await cart.sidecar.line(destination, (one) => (one as unknown as { destination: string }).destination === destination)
    assert.deepEqual([line.security, line.mode, line.clientIdentity], ['mtls', 'mtls', 'spiffe://shop.test/web'])
  }
  assert.equal((await cart.sidecar.line('plaintext', ({ mode }) => mode === 'plaintext')).security, 'plaintext')
  assert.equal((await web.sidecar.line('passthrough', (one) => (one as unknown as { destination: string }).destination === '10.99.0.2:8081')).security, 'plaintext')

  // Whoever has no sidecar gets nothing, and the sidecar's own port leads nowhere.
  assert.throws(() => call(a, 'http://10.99.0.2:8080/'))
  assert.throws(() => call(a, 'http://10.99.0.2:15006/'))
  assert.throws(() => call(a, 'http://[fd99::2]:15006/'))
  await cart.sidecar.line('self-call', ({ reason }) => reason === 'self-call')
})

forEachEngine('REDIRECT inbound, and outbound nothing but what is named: the rest is refused', async (t, engine) => {
  if (!need(t, 'netns', canEnter, 'the right to make network namespaces')) return
  const [a, b] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(a, b)
  const mesh = await Mesh.create(t)
  await serveShop(t, b)
  redirectInbound(b)
  captureOutbound(a)
  const cart = await startPod(t, mesh, b, engine, 'cart', 'inbound: { mode: redirect, listen: 15006, default: plaintext, ports: { 8080: mtls } }')
  const web = await startPod(t, mesh, a, engine, 'web', 'outbound: { mode: redirect, listen: 15001, default: deny, expect: [{ to: "10.99.0.0/24:8080", identity: cart }, { to: "[fd99::/64]", identity: "spiffe://shop.test/stock" }] }')
  assert.match(callAsApp(a, 'http://10.99.0.2:8080/'), /^(200|404)/)
  assert.equal((await cart.sidecar.line('the call', ({ reason }) => reason === 'finished')).clientIdentity, 'spiffe://shop.test/web')
  assert.throws(() => callAsApp(a, 'http://10.99.0.2:8081/'))
  await web.sidecar.line('the denial', ({ reason }) => reason === 'destination-denied')
  assert.throws(() => callAsApp(a, 'http://[fd99::2]:8080/'))
  await web.sidecar.line('the wrong identity', ({ reason }) => reason === 'identity-refused')
  assert.throws(() => call(a, 'http://10.99.0.2:15006/'))
  await cart.sidecar.line('self-call', ({ reason }) => reason === 'self-call')
})

forEachEngine('permissive tells mutual TLS, plaintext and servers that speak first apart', async (t, engine) => {
  if (!need(t, 'netns', canEnter, 'the right to make network namespaces')) return
  const [a, b] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(a, b)
  const mesh = await Mesh.create(t)
  await serveShop(t, b)
  await serveIn(t, b, 8025, ['socat', 'TCP-LISTEN:8025,fork,reuseaddr', 'SYSTEM:echo 220 hello'])
  captureInbound(b)
  const cart = await startPod(t, mesh, b, engine, 'cart', 'inbound: { mode: tproxy, listen: 15006, ports: { 8080: permissive, 8025: permissive } }')
  const folder = await mesh.identity('web')
  assert.ok(call(a, 'http://10.99.0.2:8080/').length > 0)
  assert.ok(call(a, 'https://10.99.0.2:8080/', '-k', '--cert', join(folder, 'certChain.pem'), '--key', join(folder, 'key.pem')).length > 0)
  assert.equal(a.run('sh', '-c', 'timeout 60 socat -u TCP:10.99.0.2:8025 - || true').trim(), '220 hello')
  await cart.sidecar.until('three lines', () => cart.sidecar.lines.length >= 3)
  assert.deepEqual(cart.sidecar.lines.map(({ security }) => security).toSorted(), ['mtls', 'plaintext', 'plaintext'], JSON.stringify(cart.sidecar.lines))
})
