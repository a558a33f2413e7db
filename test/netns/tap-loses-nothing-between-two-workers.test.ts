import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import { serveShop } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()
const CONNECTIONS = 300

test('two capture threads together show every request once', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'workers')
  await serveShop(t, namespace)
  const tap = new TapProcess(t, '--netns', namespace.name, '--workers', '2')
  await tap.capturing()
  namespace.run('curl', '-s', '-o', '/dev/null', '-H', 'Connection: close', `http://127.0.0.1:8080/json?n=[1-${CONNECTIONS}]`)
  await tap.until('all requests', () => tap.messages.length >= CONNECTIONS)
  const { messages, health } = await tap.interrupt()
  const numbers = messages.map((m) => Number(/n=(\d+)/.exec(m.what)?.[1]))
  assert.deepEqual(numbers.toSorted((a, b) => a - b), Array.from({ length: CONNECTIONS }, (_, i) => i + 1))
  assert.ok(messages.every((m) => m.status === 200 && m.complete))
  assert.equal(new Set(messages.map((m) => m.flow)).size, CONNECTIONS, 'flow numbers are unique')
  assert.equal(new Set(messages.map((m) => m.flow.split('.').slice(0, 2).join('.'))).size, 2, 'both threads had a part')
  assert.deepEqual([health.droppedByKernel, health.flowsJoinedLate, health.gaps, health.namespaces.length], [0, 0, 0, 1])
})
