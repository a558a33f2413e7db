import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import { call, endChild, serveShop, startNamed } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()
const EXE = `proxy-${process.pid}`

test('--mesh follows proxies as they come and go, and come back', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'follow')
  await serveShop(t, namespace)
  const name = `pod-${process.pid}`
  const tap = new TapProcess(t, '--mesh', '--exe', EXE)
  const times = (text: string): number => tap.stderr.split(text).length - 1

  for (const round of [1, 2]) {
    const proxy = await startNamed(t, namespace, EXE, { POD_NAME: name })
    await tap.until(`entered the ${round}. time`, () => times(`entered namespace ${name} `) === round)
    call(namespace, `http://127.0.0.1:8080/round-${round}`)
    const shown = await tap.shows(`GET /round-${round}`)
    assert.deepEqual([shown.namespace, shown.capture, shown.hop], [name, 'sidecar', 'clear'])
    await endChild(proxy)
    await tap.until(`gone the ${round}. time`, () => times(`namespace ${name} is gone`) === round)
    call(namespace, `http://127.0.0.1:8080/without-${round}`)
  }
  const { code, health } = await tap.interrupt()
  assert.equal(code, 0)
  assert.deepEqual(tap.holding('/without-'), [], 'nothing is captured where no proxy is')
  const [listed, ...again] = health.namespaces.filter((n) => n.name === name)
  assert.deepEqual(again, [], 'both visits are one line of the health')
  assert.ok(listed!.packets > 0 && listed!.droppedByKernel === 0)
})

test('two proxies in one namespace are one capture, which lasts as long as one of them', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'shared')
  await serveShop(t, namespace)
  const name = `shared-${process.pid}`
  const first = await startNamed(t, namespace, EXE, { POD_NAME: name })
  await startNamed(t, namespace, EXE, { POD_NAME: name })
  const tap = new TapProcess(t, '--mesh', '--exe', EXE)
  await tap.said(`entered namespace ${name} `)
  await endChild(first)
  call(namespace, 'http://127.0.0.1:8080/still-here')
  await tap.shows('GET /still-here')
  const { messages } = await tap.interrupt()
  assert.equal(messages.filter((m) => m.what === 'GET /still-here').length, 1)
})
