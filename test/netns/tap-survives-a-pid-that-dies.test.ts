import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import { call, endChild, serveShop, startNamed } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()

test('a pid that dies is told, and the tap goes on', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [dying, living] = [addNamespace(t, 'dying'), addNamespace(t, 'living')]
  const first = await startNamed(t, dying, 'app-one')
  const second = await startNamed(t, living, 'app-two')
  await serveShop(t, living)
  const tap = new TapProcess(t, '--pid', `${first.pid}`, '--pid', `${second.pid}`)
  await tap.capturing()
  await endChild(first)
  await tap.said(`pid ${first.pid} has ended`)
  call(living, 'http://127.0.0.1:8080/after')
  const shown = await tap.shows('GET /after')
  assert.deepEqual([shown.namespace, shown.capture], [`app-two-${second.pid}`, 'netns'])
  const { code, health } = await tap.interrupt()
  assert.equal(code, 0)
  assert.deepEqual(health.namespaces.map((n) => n.name), [`app-one-${first.pid}`, `app-two-${second.pid}`])
})
