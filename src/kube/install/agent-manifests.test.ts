import assert from 'node:assert/strict'
import test from 'node:test'
import { AGENT_CAPABILITIES, AGENT_RULES, planAgentManifests } from './agent-manifests.ts'

test('no wildcard in any right, and no verb that changes anything', () => {
  assert.ok(AGENT_RULES.length > 0)
  for (const { apiGroups, resources, verbs } of AGENT_RULES) {
    assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'))
    assert.ok(verbs.every((verb) => ['get', 'list', 'watch'].includes(verb)))
  }
})

test('the agents are not privileged, and have the capabilities that are explained', () => {
  const daemonSet = planAgentManifests({ namespace: 'm', image: 'i:1', pullPolicy: 'Never' }).at(-1) as { spec: { template: { spec: { containers: { image: string, imagePullPolicy: string, securityContext: { privileged: boolean, readOnlyRootFilesystem: boolean, capabilities: { drop: string[], add: string[] } } }[] } } } }
  const [agent] = daemonSet.spec.template.spec.containers
  assert.deepEqual([agent!.image, agent!.imagePullPolicy], ['i:1', 'Never'])
  const { privileged, readOnlyRootFilesystem, capabilities } = agent!.securityContext
  assert.deepEqual({ privileged, readOnlyRootFilesystem }, { privileged: false, readOnlyRootFilesystem: true })
  assert.deepEqual(capabilities, { drop: ['ALL'], add: Object.keys(AGENT_CAPABILITIES) })
})
