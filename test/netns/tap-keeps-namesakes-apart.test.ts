import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TappedMessage } from '../../src/tap/live-messages.ts'
import { openLiveTap } from '../../src/tap/live-messages.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import { call, serveShop } from './peers.ts'

const netns = ensureNetns()

test('two namespaces of one name are two, and one that is asked for twice is one', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const places = [addNamespace(t, 'one'), addNamespace(t, 'two')]
  for (const place of places) await serveShop(t, place)
  const seen: TappedMessage[] = []
  const tap = openLiveTap({}, { messages: (batch) => { seen.push(...batch) }, health: () => {}, warn: (text) => assert.fail(text) })
  for (const { path } of [...places, places[0]!]) await tap.add({ path, name: 'web', capture: 'netns', interfaces: ['any'] })
  for (const [index, place] of places.entries()) call(place, `http://127.0.0.1:8080/${index}`)
  const health = await tap.stop()
  assert.deepEqual(health.namespaces.map((n) => n.name).sort(), ['web', 'web~2'])
  assert.deepEqual(seen.map((m) => `${m.flow.namespace} ${m.message.what}`).sort(), ['web GET /0', 'web~2 GET /1'])
})

test('a namespace that became another one is not entered', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const place = addNamespace(t, 'other')
  const tap = openLiveTap({}, { messages: () => {}, health: () => {}, warn: (text) => assert.fail(text) })
  await assert.rejects(tap.add({ path: place.path, inode: 1, name: 'web', capture: 'envoy', interfaces: ['any'] }), { code: 'no-such-namespace' })
  const { namespaces } = await tap.stop()
  assert.deepEqual(namespaces, [])
})
