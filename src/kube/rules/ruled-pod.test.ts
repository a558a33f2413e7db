import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Fields } from '../fields.ts'
import { planInjection } from '../inject/inject-pod.ts'
import { parseRuledPod } from './ruled-pod.ts'

const OPTIONS = { image: 'i:1', pullPolicy: undefined, rules: 'node' as const }

function injected(annotations: Fields = {}): { metadata: Fields, spec: Fields, status: Fields } {
  const spec = { containers: [{ name: 'app' }] }
  const plan = planInjection({ metadata: { annotations }, spec }, 'web', OPTIONS)
  assert.equal(plan.kind, 'inject')
  const { injection } = plan as Extract<typeof plan, { kind: 'inject' }>
  return { metadata: { uid: 'u', name: 'web-1', namespace: 'shop', annotations: { ...annotations, ...injection.annotations } }, spec: { ...spec, initContainers: injection.initContainers }, status: { phase: 'Pending' } }
}

test('a pod whose node sets the rules has no container with a right, and waits', () => {
  const pod = injected()
  assert.deepEqual(parseRuledPod(pod), { uid: 'u', name: 'shop/web-1' })
  const [wait] = pod.spec.initContainers as { args: string[], securityContext: { runAsUser: number, runAsNonRoot: boolean, capabilities: object } }[]
  assert.deepEqual(wait!.args, ['init', '--await'])
  assert.deepEqual([wait!.securityContext.runAsNonRoot, wait!.securityContext.capabilities], [true, { drop: ['ALL'] }])
  // Of the sidecar's user nothing is led anywhere.
  assert.notEqual(wait!.securityContext.runAsUser, 1337)
})

test('an annotation decides against what is usual, and then nobody on the node does anything', () => {
  const own = injected({ 'mtlscope.io/rules': 'init' })
  assert.match(JSON.stringify(own.spec.initContainers), /NET_ADMIN/)
  assert.equal(parseRuledPod(own), undefined)
})

test('pods that are over, on the network of the node, or without a sidecar are left alone', () => {
  const pod = injected()
  assert.equal(parseRuledPod({ ...pod, status: { phase: 'Succeeded' } }), undefined)
  assert.equal(parseRuledPod({ ...pod, spec: { ...pod.spec, hostNetwork: true } }), undefined)
  assert.equal(parseRuledPod({ ...pod, spec: { ...pod.spec, initContainers: [] } }), undefined)
  assert.equal(parseRuledPod({ ...pod, metadata: { ...pod.metadata, annotations: {} } }), undefined)
})

test('whatever a pod holds, it ends without an error', () => {
  fc.assert(fc.property(fc.anything(), fc.anything(), (metadata, spec) => {
    parseRuledPod(metadata)
    parseRuledPod({ metadata, spec, status: spec })
    parseRuledPod({ metadata: { uid: 'u', annotations: { 'mtlscope.io/injected': spec, 'mtlscope.io/rules': 'node' } }, spec: { initContainers: metadata } })
  }))
})
