import assert from 'node:assert/strict'
import { test } from 'node:test'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { TapProcess } from './tap-process.ts'
import { startEnvoyPair } from './two-envoys.ts'

const netns = ensureNetns()
const CANARY = `canary-${process.pid}-Zx8`

function envoyPath(): string | undefined {
  try {
    return locateEnvoy()
  } catch {
    return undefined
  }
}

test('what two Envoys encrypt is clear in both namespaces, and on the wire only TLS 1.3', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const envoy = envoyPath()
  if (envoy === undefined) {
    need(t, 'peers', false, 'envoy')
    return
  }
  const pair = await startEnvoyPair(t, envoy)
  const tap = new TapProcess(t, '--mesh', '--records')
  for (const name of Object.values(pair.names)) await tap.said(`entered namespace ${name} (envoy pid`)

  assert.equal(pair.call(`/form?${CANARY}`, '-d', `secret=${CANARY}`), `{"bytes":${CANARY.length + 7}}`)
  const path = `/form?${CANARY}`
  await tap.until('the request in both namespaces', () => tap.holding(path).length >= 2)
  const { code, messages, health, stderr } = await tap.interrupt()
  assert.equal(code, 0)
  const ours = messages.filter((m) => Object.values(pair.names).includes(m.namespace ?? ''))

  for (const name of Object.values(pair.names)) {
    const [clear, ...more] = ours.filter((m) => m.namespace === name && m.protocol === 'http1')
    assert.deepEqual(more, [])
    assert.deepEqual([clear!.capture, clear!.hop, clear!.what, clear!.status, clear!.complete], ['envoy', 'clear', `POST ${path}`, 200, true])
    assert.deepEqual((clear!.request as { body: { form: unknown } }).body.form, [{ name: 'secret', value: CANARY }])

    const [wire] = ours.filter((m) => m.namespace === name && m.what.startsWith('TLS 1.3 handshake'))
    assert.deepEqual([wire!.capture, wire!.hop, wire!.protocol, wire!.server.ip, wire!.server.port], ['envoy', 'wire', 'tls', '10.99.0.2', 15006])
    assert.equal((wire!.response as { version: string }).version, 'TLS 1.3')
    assert.ok(ours.some((m) => m.namespace === name && m.what === 'ciphertext'), 'the turn of records is shown')
  }
  const wire = ours.filter((m) => m.hop === 'wire')
  assert.deepEqual(new Set(wire.map((m) => m.protocol)), new Set(['tls']))
  assert.ok(wire.every((m) => !JSON.stringify(m).includes(CANARY)), 'nothing of the request is on the wire')
  const seen = health.namespaces.filter((n) => Object.values(pair.names).includes(n.name))
  assert.deepEqual(seen.map((n) => [n.capture, n.droppedByKernel]), [['envoy', 0], ['envoy', 0]], stderr)
})
