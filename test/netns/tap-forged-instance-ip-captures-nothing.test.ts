import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, serveShop, startNamed } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()
/** An address that no other test has. */
const ADDRESS = `10.${200 + process.pid % 50}.${(process.pid >> 8) % 250}.${process.pid % 250 + 1}`

test('--ip: a process that only claims the address is not entered', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [honest, forger] = [addNamespace(t, 'honest'), addNamespace(t, 'forger')]
  joinNamespaces(honest, forger)
  honest.run('ip', 'addr', 'add', `${ADDRESS}/32`, 'dev', 'veth0')
  const names = { honest: `honest-${process.pid}`, forger: `forger-${process.pid}` }
  await startNamed(t, honest, 'envoy', { POD_NAME: names.honest, INSTANCE_IP: '10.0.0.1' })
  await startNamed(t, forger, 'envoy', { POD_NAME: names.forger, INSTANCE_IP: ADDRESS })
  for (const namespace of [honest, forger]) await serveShop(t, namespace)

  const tap = new TapProcess(t, '--ip', ADDRESS)
  await tap.said(`entered namespace ${names.honest}`)
  for (const [name, namespace] of Object.entries({ honest, forger })) call(namespace, `http://127.0.0.1:8080/${name}`)
  await tap.shows('GET /honest')
  const { code, messages, health, stderr } = await tap.interrupt()
  assert.equal(code, 0)
  assert.deepEqual(messages.map((m) => [m.namespace, m.capture, m.what]), [[names.honest, 'envoy', 'GET /honest']])
  assert.deepEqual(health.namespaces.map((n) => n.name), [names.honest])
  assert.ok(!stderr.includes(names.forger), stderr)
})
