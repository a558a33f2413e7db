import assert from 'node:assert/strict'
import test from 'node:test'
import { podTrouble } from './pod-trouble.ts'
import { rolloutState } from './rollout.ts'

const waiting = (reason: string, message: string, more: object = {}): object => ({ status: { phase: 'Pending', containerStatuses: [{ name: 'ca', image: 'r.example/m:9', state: { waiting: { reason, message } }, ...more }] } })
const PULL = 'Back-off pulling image "r.example/m:9": ErrImagePull: failed to pull and unpack image "r.example/m:9": failed to resolve reference "r.example/m:9": failed to do request: Head "https://r.example/v2/m/manifests/9": dial tcp: lookup r.example: no such host'

test('an image that cannot be pulled is waited for a while, and named with the innermost reason', () => {
  const trouble = podTrouble(waiting('ImagePullBackOff', PULL), 1000)
  assert.deepEqual(trouble, { why: 'its image r.example/m:9 cannot be pulled: Head "https://r.example/v2/m/manifests/9": dial tcp: lookup r.example: no such host', final: false, hasLog: false })
  assert.equal(podTrouble(waiting('ErrImagePull', PULL), 60_000)?.final, true)
})

test('what only a change mends is final at once', () => {
  for (const reason of ['ErrImageNeverPull', 'InvalidImageName', 'CreateContainerConfigError']) assert.equal(podTrouble(waiting(reason, 'x'), 0)?.final, true, reason)
})

test('a container that ends may come back a few times', () => {
  const crashed = (restartCount: number, ready = false): object => waiting('CrashLoopBackOff', 'back-off', { restartCount, ready, lastState: { terminated: { exitCode: 3, reason: 'Error' } } })
  assert.deepEqual(podTrouble(crashed(1), 0), { why: 'container ca ended once, at last with exit code 3', final: false, hasLog: true })
  assert.equal(podTrouble(crashed(4), 0)?.final, true)
  assert.equal(podTrouble(crashed(9, true), 0), undefined)
})

test('pods without a node, that failed, that are on their way, that are nothing', () => {
  assert.match(podTrouble({ status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] } }, 0)!.why, /no node takes it: 0\/3/)
  assert.equal(podTrouble({ status: { phase: 'Failed', reason: 'Evicted' } }, 0)!.why, 'Evicted')
  for (const pod of [{}, { status: null }, { status: { containerStatuses: 'no' } }, { status: { containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] } }]) assert.equal(podTrouble(pod, 1e9), undefined)
})

test('a rollout is done when the controller has seen it, every pod is new and ready, and no old one is left', () => {
  const deployment = (status: object): Parameters<typeof rolloutState>[0] => ({ kind: 'Deployment', metadata: { name: 'd', generation: 2 }, spec: { replicas: 2 }, status: { ...status } })
  const all = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2 }
  assert.equal(rolloutState(deployment(all)).done, true)
  for (const change of [{ observedGeneration: 1 }, { replicas: 3 }, { updatedReplicas: 1 }, { readyReplicas: 1 }]) assert.equal(rolloutState(deployment({ ...all, ...change })).done, false)
  assert.equal(rolloutState(deployment({ conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'violates PodSecurity' }] })).refused, 'violates PodSecurity')
  const daemonSet = { kind: 'DaemonSet', metadata: { name: 'd', generation: 1 }, status: { observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 2 } }
  assert.deepEqual([rolloutState(daemonSet).done, rolloutState(daemonSet).ready, rolloutState(daemonSet).wanted], [false, 2, 3])
})
