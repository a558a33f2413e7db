import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeServers } from '../../src/check/probe/probe-servers.ts'
import { DEFAULT_BOUNDS } from '../../src/check/probe/bounds.ts'
import type { ProbeResult } from '../../src/check/verdict.ts'
import { Mesh, SidecarProcess } from '../peers/sidecar.fixture.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { serveShop } from './peers.ts'

const netns = ensureNetns()
const PROXY_UID = 1337
const PROXY_MARK = 1338

/** `no-certificate TLS 1.3: refused`. */
const lines = ({ attempts }: ProbeResult): string[] => attempts.map(({ kind, version, outcome }) => `${kind}${version === undefined ? '' : ` ${version}`}: ${outcome}`)

test('out of a namespace whose connections are redirected the probe meets the server, not the proxy of the client', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  await serveShop(t, cart)
  const mesh = await Mesh.create(t)
  await mesh.identity('cart')
  const file = mesh.write('cart.yaml', 'workload: cart\nidentity: { dir: cart }\ninbound: { mode: listen, listen: "10.99.0.2:15006", to: "127.0.0.1:8080", allow: ["spiffe://shop.test/web"] }\n')
  await new SidecarProcess(t, 'embedded', file, '127.0.0.1:15000', ['ip', 'netns', 'exec', cart.name]).said('ready:')
  // What stands for the proxy of web takes plaintext, as such proxies do.
  await serveShop(t, web, 15_001)
  web.run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '-m', 'owner', '!', '--uid-owner', `${PROXY_UID}`, '-j', 'REDIRECT', '--to-ports', '15001')

  const target = { ip: '10.99.0.2', port: 15_006, netnsPath: web.path, tls: true }
  const options = { isOwn: () => true, bounds: { ...DEFAULT_BOUNDS, handshakeMs: 30_000, settleMs: 5000, answerMs: 10_000, serverFirstMs: 100 } }
  const [past] = await probeServers([target], { ...options, passOf: () => ({ uid: PROXY_UID }) })
  assert.deepEqual(lines(past!).filter((line) => line.includes('TLS 1.3')), ['no-certificate TLS 1.3: refused', 'foreign-certificate TLS 1.3: refused'], JSON.stringify(past))
  assert.equal(past!.attempts.at(-1)!.outcome, 'refused')
  assert.equal(past!.chain[0]!.spiffeId, 'spiffe://shop.test/cart')

  const [into] = await probeServers([target], options)
  assert.ok(lines(into!).every((line) => line.endsWith('unknown')), 'the proxy proves nothing of the server')
  assert.deepEqual(into!.chain, [])

  // Where proxy and apps are one user rules go by a mark.
  web.run('iptables', '-t', 'nat', '-F', 'OUTPUT')
  web.run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '-m', 'mark', '!', '--mark', `${PROXY_MARK}`, '-j', 'REDIRECT', '--to-ports', '15001')
  const [marked] = await probeServers([target], { ...options, passOf: () => ({ mark: PROXY_MARK }) })
  assert.deepEqual(lines(marked!), lines(past!), JSON.stringify(marked))
  const [unmarked] = await probeServers([target], { ...options, passOf: () => ({ uid: PROXY_UID }) })
  assert.ok(lines(unmarked!).every((line) => line.endsWith('unknown')), 'the user alone is redirected')

  const [beside] = await probeServers([{ ...target, netnsPath: cart.path }], options)
  assert.deepEqual(lines(beside!).filter((line) => line.includes('TLS 1.3')), ['no-certificate TLS 1.3: refused', 'foreign-certificate TLS 1.3: refused'])
})
