import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRules } from '../../src/intercept/apply/apply-rules.ts'
import { cleanRules } from '../../src/intercept/apply/clean-rules.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import { run } from '../../src/sys/exec.ts'
import type { RunResult } from '../../src/sys/exec.ts'
import { ensureNetns } from './enter.ts'
import { needTools } from './init-lab.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const permitted = ensureNetns()
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** Without any right, as the container that waits in a pod. */
function awaitRules(pod: TestNamespace, duration: string): Promise<RunResult> {
  return run('ip', ['netns', 'exec', pod.name, 'setpriv', '--bounding-set=-all', '--inh-caps=-all', process.execPath, MAIN, 'init', '--await', duration], { timeoutMs: 120_000 })
}

test('it ends when the rules are there, and not for rules that leave a family open', async (t) => {
  if (!needTools(t, permitted)) return
  const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
  joinNamespaces(pod, outside)
  pod.run('ip', 'route', 'add', 'default', 'via', '10.99.0.2')
  pod.run('ip', '-6', 'route', 'add', 'default', 'via', 'fd99::2')

  const none = await awaitRules(pod, '2s')
  assert.equal(none.code, 1)
  assert.match(none.stderr, /error: no rules lead connections to port 15001 within 2 s/)

  await applyRules(planRules(PRESET_SETTINGS.istio), { netns: pod.path })
  assert.equal((await awaitRules(pod, '2s')).code, 1)
  await cleanRules(pod.path)

  const waiting = awaitRules(pod, '100s')
  await applyRules(planRules(PRESET_SETTINGS.mtlscope), { netns: pod.path })
  const { code, stderr } = await waiting
  assert.equal(code, 0, stderr)
})

test('a family that has no way out is not waited for', async (t) => {
  if (!needTools(t, permitted)) return
  const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
  joinNamespaces(pod, outside)
  pod.run('ip', 'route', 'add', 'default', 'via', '10.99.0.2')
  pod.run('ip', '-6', 'addr', 'flush', 'dev', 'veth0')
  await applyRules(planRules(PRESET_SETTINGS.istio), { netns: pod.path })
  const { code, stderr } = await awaitRules(pod, '100s')
  assert.equal(code, 0, stderr)
})

test('a family that leads no further than its own network is one that has to be led', async (t) => {
  if (!needTools(t, permitted)) return
  const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
  joinNamespaces(pod, outside)
  pod.run('ip', 'route', 'add', 'default', 'via', '10.99.0.2')
  await applyRules(planRules(PRESET_SETTINGS.istio), { netns: pod.path })
  assert.equal((await awaitRules(pod, '2s')).code, 1)
})

/** IPv6 of a pod, as lines of ip(8): where all of it is led the wait ends, whatever of it there is. */
const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  'its own network, without a gateway': ['addr add fd99::1/64 dev veth0 nodad'],
  'link-local addresses and a gateway, as a router announces one': ['addr add fe80::1/64 dev veth0 nodad', 'route add default via fe80::2 dev veth0'],
  'an address by itself': ['addr add fd99::1/128 dev veth0 nodad'],
  'a refusal in the place of a gateway': ['addr add fd99::1/64 dev veth0 nodad', 'route add unreachable default'],
}

for (const [what, lines] of Object.entries(NETWORKS)) {
  test(`it ends with IPv6 of ${what}`, async (t) => {
    if (!needTools(t, permitted)) return
    const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
    joinNamespaces(pod, outside)
    pod.run('ip', 'route', 'add', 'default', 'via', '10.99.0.2')
    pod.run('ip', '-6', 'addr', 'flush', 'dev', 'veth0')
    for (const line of lines) pod.run('ip', '-6', ...line.split(' '))
    await applyRules(planRules(PRESET_SETTINGS.mtlscope), { netns: pod.path })
    const { code, stderr } = await awaitRules(pod, '100s')
    assert.equal(code, 0, stderr)
  })
}
