import assert from 'node:assert/strict'
import test from 'node:test'
import { planSources } from './live-sources.ts'
import { isFilterWord } from './sniff-filter.ts'
import { planSniff } from './sniff-plan.ts'
import type { SniffFlags } from './sniff.ts'
import type { TapFlags } from './tap.ts'
import { planTap } from './tap-plan.ts'

const PIPE = { stdout: false, colour: false }
const TAP: TapFlags = { procfs: '/proc', bodyLimit: 0 }
const SNIFF: SniffFlags = { procfs: '/proc', comments: true }

test('a pattern, -n or -A mean pods, and then no proxies are looked for', () => {
  for (const flags of [{ pods: '^web' }, { namespace: ['shop'] }, { allNamespaces: true }]) {
    const { pods, mesh } = planTap({ ...TAP, ...flags }, PIPE)
    assert.deepEqual({ pods, mesh }, { pods: true, mesh: false })
  }
  const { pods, mesh } = planTap(TAP, PIPE)
  assert.deepEqual({ pods, mesh }, { pods: false, mesh: true })
})

test('with pods -i chooses interfaces inside of them', () => {
  assert.deepEqual(planSources({ ...TAP, pods: 'web', interface: ['eth0'] }), [])
  assert.equal(planSources({ ...TAP, interface: ['eth0'] }).length, 1)
})

test('pods cannot be combined with another source, and a kubeconfig is for pods', () => {
  for (const flags of [{ read: 'x' }, { pid: ['1'] }, { netns: ['x'] }, { mesh: true }, { ip: ['10.0.0.1'] }, { sidecar: 'x' }]) {
    assert.throws(() => planTap({ ...TAP, ...flags, pods: 'web' }, PIPE), { code: 'usage' })
  }
  assert.throws(() => planTap({ ...TAP, context: 'x' }, PIPE), { code: 'usage', message: '--kubeconfig and --context are for pods' })
})

test('the first word of sniff is a pod where it begins no filter and no other place is named', () => {
  assert.equal(planSniff(['web-1', 'port', '80'], SNIFF, false).tap.flags.pods, 'web-1')
  assert.deepEqual(planSniff(['web-1', 'port', '80'], SNIFF, false).tap.filter, planSniff(['port', '80'], { ...SNIFF, allNamespaces: true }, false).tap.filter)
  assert.equal(planSniff(['port 80'], { ...SNIFF, pid: ['1'] }, false).tap.flags.pods, undefined)
  assert.equal(planSniff([], { ...SNIFF, namespace: ['shop'] }, false).tap.pods, true)
  assert.throws(() => planSniff(['port', '80'], SNIFF, false), { code: 'usage', message: 'nothing to sniff' })
})

test('words of tcpdump that are refused are no pods either', () => {
  for (const word of ['tcp', 'udp', 'src', 'not', '!', '(', 'host 10.0.0.1', 'icmp', '']) assert.equal(isFilterWord(word), true, word)
  for (const word of ['web', '^web-', 'port-authority', 'nothing', '[ab]']) assert.equal(isFilterWord(word), false, word)
})
