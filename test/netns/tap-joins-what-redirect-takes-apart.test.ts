import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, serveIn, serveShop } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()
const hasIptables = spawnSync('iptables', ['--version']).status === 0
const LISTENER = 15001

/** Passes each connection on to the shop, at a port that no rule of its namespace touches. */
const PROXY = `
  const net = require('node:net')
  net.createServer((app) => {
    const shop = net.connect({ host: app.remoteFamily === 'IPv6' && !app.remoteAddress.startsWith('::ffff:') ? 'fd99::2' : '10.99.0.2', port: 8081 })
    app.pipe(shop).pipe(app)
    for (const socket of [app, shop]) socket.on('error', () => { app.destroy(); shop.destroy() })
  }).listen(${LISTENER}, '::')`

test('behind REDIRECT a request and its answer are one, and its server is whom the app has called', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'netns', hasIptables, 'iptables')) return
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  await serveShop(t, cart)
  for (const iptables of ['iptables', 'ip6tables']) {
    // What the app calls is port 8080; the proxy goes on to the shop's other port, which is not redirected.
    web.run(iptables, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '8080', '-j', 'REDIRECT', '--to-ports', String(LISTENER))
    cart.run(iptables, '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '--dport', '8081', '-j', 'REDIRECT', '--to-ports', '8080')
  }
  await serveIn(t, web, LISTENER, [process.execPath, '-e', PROXY])
  const tap = new TapProcess(t, '--netns', web.name)
  await tap.capturing()
  // The shop knows neither: 404 is its answer.
  call(web, 'http://10.99.0.2:8080/four')
  call(web, 'http://[fd99::2]:8080/six')
  const hops = (path: string): string[] => tap.holding(path).map((m) => `${m.hop} ${m.server.ip}:${m.server.port} ${m.status}`).toSorted()
  await tap.until('both hops of both requests', () => hops('/four').length >= 2 && hops('/six').length >= 2)
  assert.deepEqual(hops('/four'), ['clear 10.99.0.2:8080 404', 'wire 10.99.0.2:8081 404'])
  assert.deepEqual(hops('/six'), ['clear fd99::2:8080 404', 'wire fd99::2:8081 404'])
  const { health, messages } = await tap.interrupt()
  assert.equal(health.gaps, 0)
  assert.deepEqual(messages.filter((m) => !m.complete), [])
})
