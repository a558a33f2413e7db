import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { takesInjectors } from './injector-nodes.ts'

const tainted = (key: string, effect: string): object => ({ spec: { taints: [{ key, effect }] } })

test('a node that is kept for others takes no injector, one that is cordoned or not ready will again', () => {
  assert.equal(takesInjectors({}), true)
  assert.equal(takesInjectors(tainted('node-role.kubernetes.io/control-plane', 'NoSchedule')), false)
  assert.equal(takesInjectors(tainted('gpu', 'NoExecute')), false)
  assert.equal(takesInjectors(tainted('gpu', 'PreferNoSchedule')), true)
  assert.equal(takesInjectors(tainted('node.kubernetes.io/unschedulable', 'NoSchedule')), true)
  assert.equal(takesInjectors(tainted('node.kubernetes.io/unreachable', 'NoExecute')), true)
  assert.equal(takesInjectors(tainted('node.cloudprovider.kubernetes.io/uninitialized', 'NoSchedule')), true)
})

test('whatever a node says of itself, it is an answer', () => {
  fc.assert(fc.property(fc.anything(), (spec) => { assert.equal(typeof takesInjectors({ spec }), 'boolean') }))
})
