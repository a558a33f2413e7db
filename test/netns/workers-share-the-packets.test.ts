import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace } from './namespace.ts'

const netns = ensureNetns()
const EXCHANGES = 40
const TRAFFIC = `
  const { createSocket } = require('node:dgram')
  const server = createSocket('udp4', (message, from) => server.send('answer to ' + message, from.port, from.address))
  server.bind(9000, '127.0.0.1', () => {
    let left = ${EXCHANGES}
    for (let n = 0; n < ${EXCHANGES}; n++) {
      const client = createSocket('udp4', () => { client.close(); if (--left === 0) server.close() })
      client.send('question ' + n, 9000, '127.0.0.1')
    }
  })`

async function startWorkers(t: { after(fn: () => unknown): void }, namespace: TestNamespace, count: number): Promise<Worker[]> {
  const workers = Array.from({ length: count }, () => new Worker(new URL('./fanout-worker.ts', import.meta.url), { workerData: { path: namespace.path, group: 77 } }))
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return workers
}

test('two workers of a group see every packet exactly once in total, and both directions in one of them', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'fanout')
  const workers = await startWorkers(t, namespace, 2)
  namespace.run(process.execPath, '-e', TRAFFIC)
  const parts = await Promise.all(workers.map(async (worker) => {
    worker.postMessage('stop')
    const [datagrams] = await once(worker, 'message') as [{ ports: string, text: string }[]]
    return datagrams
  }))
  const texts = parts.flat().map(({ text }) => text).sort()
  const wanted = Array.from({ length: EXCHANGES }, (_, n) => [`question ${n}`, `answer to question ${n}`]).flat().sort()
  assert.deepEqual(texts, wanted)
  assert.ok(parts.every((part) => part.length > 0), 'both have work')
  const [one, other] = parts.map((part) => new Set(part.map(({ ports }) => ports)))
  assert.deepEqual([...one].filter((ports) => other.has(ports)), [], 'no conversation is split')
})
