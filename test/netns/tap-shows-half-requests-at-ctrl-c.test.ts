import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import { call, sayAndStay, serveShop } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()

test('at Ctrl-C what is half-built is shown first, marked incomplete, with the reason', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'halves')
  await serveShop(t, namespace)
  const tap = new TapProcess(t, '--netns', namespace.name)
  await tap.capturing()
  await sayAndStay(t, namespace, 8080, 'POST /upload HTTP/1.1\\r\\nHost: shop\\r\\nContent-Length: 100\\r\\n\\r\\nonly a part')
  await sayAndStay(t, namespace, 8080, 'GET /cut HTTP/1.1\\r\\nHost: sh')
  // All three are in the ring, and what is shown of the last one was read after the others.
  call(namespace, 'http://127.0.0.1:8080/json')
  await tap.until('the whole request', () => tap.messages.length > 0)
  assert.equal(tap.holding('/upload').length, 0)

  const { code, messages } = await tap.interrupt()
  assert.equal(code, 0)
  const half = (what: string): unknown[] => messages.filter((m) => m.what === what).map((m) => [m.status, m.outcome, m.complete])
  assert.deepEqual(half('POST /upload'), [[undefined, 'none', false]])
  assert.deepEqual(half('GET /cut'), [[undefined, 'none', false]])
  const upload = messages.find((m) => m.what === 'POST /upload')!
  assert.ok(upload.notes!.length > 0)
  assert.equal((upload.request as { body: { text: string } }).body.text, 'only a part')
})

test('--for ends in order too', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'for')
  await serveShop(t, namespace)
  // On a busy machine the time may be over before the call: then with more of it.
  for (const seconds of [4, 20, 90]) {
    const start = performance.now()
    const tap = new TapProcess(t, '--netns', namespace.name, '--for', `${seconds}s`)
    await tap.capturing()
    call(namespace, 'http://127.0.0.1:8080/json')
    const isInTime = performance.now() - start < seconds * 1000
    const { code, messages } = await tap.end()
    assert.equal(code, 0)
    if (!isInTime) continue
    assert.deepEqual(messages.map((m) => m.what), ['GET /json'])
    return
  }
  assert.fail('a minute and a half was not enough for one call')
})

test('-c ends after so many messages, and no more are shown', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'count')
  await serveShop(t, namespace)
  const tap = new TapProcess(t, '--netns', namespace.name, '-c', '3')
  await tap.capturing()
  const url = 'http://127.0.0.1:8080/json'
  call(namespace, url, url, url, url, url)
  const { code, messages } = await tap.end()
  assert.deepEqual([code, messages.length], [0, 3])
})
