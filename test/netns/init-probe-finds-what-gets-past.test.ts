import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRules } from '../../src/intercept/apply/apply-rules.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import { probeRules } from '../../src/intercept/probe/probe-rules.ts'
import type { ProbeAnswer } from '../../src/intercept/probe/probe-rules.ts'
import { ensureNetns } from './enter.ts'
import { everythingIn, init, needTools } from './init-lab.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { serveShop } from './peers.ts'

const permitted = ensureNetns()
const failedOf = (answers: readonly ProbeAnswer[]): string[] => answers.filter(({ result }) => result === 'failed').map(({ point, what }) => `${point} ${/IPv[46]/.exec(what)?.[0]}${/port (\d+) called/.exec(what)?.[1] ?? ''}`)

test('nothing gets past our own rules, much past none and past a mesh that leaves IPv6 and UDP open; the namespace is as before', async (t) => {
  if (!needTools(t, permitted)) return
  const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
  joinNamespaces(pod, outside)
  await serveShop(t, pod)
  const own = planRules(PRESET_SETTINGS.mtlscope)
  const istio = planRules(PRESET_SETTINGS.istio)
  const bare = everythingIn(pod.name)
  assert.deepEqual(failedOf(await probeRules(own, pod.path)), ['f IPv4', 'f IPv6', 'a IPv4', 'a IPv6', 'e IPv4', 'e IPv6', 'c IPv48080', 'c IPv68080'])
  assert.equal(everythingIn(pod.name), bare)

  await applyRules(istio, { netns: pod.path })
  assert.deepEqual(failedOf(await probeRules(istio, pod.path)), ['f IPv6', 'a IPv6', 'e IPv4', 'e IPv6', 'c IPv68080'])

  await applyRules(own, { netns: pod.path, force: true })
  const { code, stdout, stderr } = await init(['--netns', pod.name, '--probe'])
  assert.equal(stderr, '')
  assert.match(stdout, /● port 8080 called from outside, IPv6: arrives at port 15006\n(.*\n)*nothing gets past\n$/)
  assert.equal(code, 0)
})
