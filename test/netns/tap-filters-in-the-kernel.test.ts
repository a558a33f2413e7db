import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, serveShop } from './peers.ts'
import type { TapEnd } from './tap-process.ts'
import { TapProcess } from './tap-process.ts'
import type { TestContext } from 'node:test'

const netns = ensureNetns()
const LOUD = 20

interface Stage { web: TestNamespace, cart: TestNamespace }

async function setStage(t: TestContext): Promise<Stage> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  for (const port of [8080, 8081]) await serveShop(t, cart, port)
  return { web, cart }
}

/** Much traffic to be left out on port 8080 and from 10.99.0.1, and one request to port 8081 over IPv6. */
async function tapWith(t: TestContext, { web, cart }: Stage, ...filter: string[]): Promise<TapEnd> {
  const tap = new TapProcess(t, '--netns', cart.name, ...filter)
  await tap.capturing()
  call(web, 'http://10.99.0.2:8080/loud', ...Array.from({ length: LOUD }, (_, i) => `http://10.99.0.2:8080/loud-${i}`))
  call(web, 'http://[fd99::2]:8081/wanted')
  await tap.shows('GET /wanted')
  return tap.interrupt()
}

/** What the ring handed over is counted: what the kernel filters out never gets here. */
function assertOnlyWanted({ messages, health, stderr }: TapEnd): void {
  assert.deepEqual(messages.map((m) => m.what), ['GET /wanted'])
  assert.ok(health.packets >= 5 && health.packets < LOUD, `${health.packets} packets came out of the ring\n${stderr}`)
}

for (const [name, filter] of Object.entries({
  '--port': ['--port', '8081'],
  '--port with a range': ['--port', '8081-8090,9000'],
  '--not-port': ['--not-port', '8080'],
  '--host': ['--host', 'fd99::1'],
  '--host with a network': ['--host', 'fd99::/16,192.0.2.0/24'],
  '--host and --port together': ['--host', 'fd99::1,10.99.0.1', '--port', '8081'],
})) {
  test(`${name} keeps the rest out of the ring`, async (t) => {
    if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
    assertOnlyWanted(await tapWith(t, await setStage(t), ...filter))
  })
}

test('without a filter all of it is there', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { messages } = await tapWith(t, await setStage(t))
  assert.equal(messages.length, LOUD + 2)
})

/** `count` addresses that nobody has, in arguments of a length that the kernel takes. */
function manyHosts(count: number): string[] {
  const hosts = Array.from({ length: count }, (_, i) => `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`)
  const parts = Array.from({ length: Math.ceil(count / 4000) }, (_, i) => hosts.slice(i * 4000, (i + 1) * 4000).join())
  return parts.flatMap((part) => ['--host', part])
}

for (const count of [1500, 20_000]) {
  test(`${count} hosts: exact, wherever they are looked up, and what does not fit the kernel is told`, async (t) => {
    if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
    const end = await tapWith(t, await setStage(t), '--host', 'fd99::1', ...manyHosts(count))
    assert.deepEqual(end.messages.map((m) => m.what), ['GET /wanted'])
    const told = /warning: .*(?:kernel|filter)/.test(end.stderr)
    const inKernel = end.health.packets < LOUD
    assert.equal(told, !inKernel, end.stderr)
  })
}
