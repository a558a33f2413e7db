import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { parsePod, parsePodList, parseServiceList } from './pod.ts'

const POD = {
  metadata: { uid: 'u1', name: 'web-7c9d-x', namespace: 'shop', labels: { 'pod-template-hash': '7c9d' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'web-7c9d', controller: true }] },
  spec: { nodeName: 'n1' }, status: { phase: 'Running', podIP: '10.0.0.7', podIPs: [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }] },
}

test('a pod of a Deployment', () => {
  assert.deepEqual(parsePod(POD), {
    uid: 'u1', name: 'web-7c9d-x', namespace: 'shop', node: 'n1', ips: ['10.0.0.7', 'fd00::7'], hostNetwork: false, workload: 'Deployment/web', cgroupUids: ['u1'], isOver: false,
  })
})

test('the workload is the owner, and a ReplicaSet of nobody\'s stays one', () => {
  const owned = (ownerReferences: object[] | undefined, labels = {}): string | undefined => parsePod({ ...POD, metadata: { ...POD.metadata, labels, ownerReferences } })?.workload
  assert.equal(owned(undefined), 'Pod/web-7c9d-x')
  assert.equal(owned([{ kind: 'StatefulSet', name: 'db', controller: true }]), 'StatefulSet/db')
  assert.equal(owned([{ kind: 'ReplicaSet', name: 'web-7c9d', controller: true }]), 'ReplicaSet/web-7c9d')
  assert.equal(owned([{ kind: 'X', name: 'other' }, { kind: 'Job', name: 'once', controller: true }]), 'Job/once')
})

test('a static pod runs under the hash of its file', () => {
  const annotations = { 'kubernetes.io/config.mirror': 'a'.repeat(32) }
  assert.deepEqual(parsePod({ ...POD, metadata: { ...POD.metadata, annotations } })?.cgroupUids, ['u1', 'a'.repeat(32)])
})

test('headless services have no address', () => {
  const service = (name: string, spec: object): object => ({ metadata: { name, namespace: 'shop' }, spec })
  assert.deepEqual(parseServiceList({ items: [service('web', { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9', 'fd00::9'] }), service('db', { clusterIP: 'None', clusterIPs: ['None'] }), service('old', { clusterIP: '10.96.0.8' }), service('x', { type: 'ExternalName' })] }),
    [{ name: 'web', namespace: 'shop', ips: ['10.96.0.9', 'fd00::9'] }, { name: 'old', namespace: 'shop', ips: ['10.96.0.8'] }])
})

test('whatever a list holds, it ends without an error', () => {
  fc.assert(fc.property(fc.anything(), fc.anything(), (metadata, spec) => {
    parsePodList({ items: [{ metadata, spec, status: spec }, metadata, { metadata: { uid: 'u', name: 'n', namespace: 's', ownerReferences: spec, annotations: metadata }, spec, status: metadata }] })
    parseServiceList({ items: [{ metadata, spec }, spec] })
    parsePodList(metadata)
  }))
})
