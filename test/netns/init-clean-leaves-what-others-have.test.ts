import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRules, verifyRules } from '../../src/intercept/apply/apply-rules.ts'
import { cleanRules } from '../../src/intercept/apply/clean-rules.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import { ensureNetns } from './enter.ts'
import { rulesIn, needTools, touchLegacy } from './init-lab.ts'
import { addNamespace } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'

const permitted = ensureNetns()

/** In chains of the kernel's and in one of their own, with a policy and a route. */
function addForeign({ run }: TestNamespace, suffix: string): void {
  for (const program of [`iptables-${suffix}`, `ip6tables-${suffix}`]) {
    run(program, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '5432', '-m', 'comment', '--comment', 'theirs', '-j', 'ACCEPT')
    run(program, '-t', 'filter', '-N', 'THEIRS')
    run(program, '-t', 'filter', '-A', 'INPUT', '-j', 'THEIRS')
    run(program, '-t', 'filter', '-A', 'THEIRS', '-p', 'tcp', '--dport', '25', '-j', 'DROP')
    run(program, '-t', 'filter', '-P', 'FORWARD', 'DROP')
    run(program, '-t', 'mangle', '-A', 'PREROUTING', '-m', 'mark', '--mark', '7', '-j', 'MARK', '--set-mark', '8')
  }
  run('ip', 'rule', 'add', 'fwmark', '0x8', 'lookup', '200', 'priority', '100')
  run('ip', 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '200')
}

for (const [backend, suffix] of [['iptables-nft', 'nft'], ['iptables-legacy', 'legacy']] as const) {
  test(`${backend}: rules, chains, policies and routes of others are there before, meanwhile and after`, async (t) => {
    if (!needTools(t, permitted)) return
    const namespace = addNamespace(t, 'clean')
    const netns = namespace.path
    if (suffix === 'legacy') touchLegacy(namespace.name)
    addForeign(namespace, suffix)
    const before = rulesIn(namespace.name)
    for (const settings of [PRESET_SETTINGS.mtlscope, { ...PRESET_SETTINGS.istio, mode: 'TPROXY' as const, ipv6: 'capture' as const, excludeInterfaces: ['net1'], dropInvalid: true }, { ...PRESET_SETTINGS.osm, podIp: '10.0.0.2' }]) {
      const plan = planRules(settings)
      assert.equal((await applyRules(plan, { netns, force: true })).backend, backend, 'picked by what is used already')
      assert.deepEqual((await verifyRules(plan, { netns })).differences, [])
      const meanwhile = rulesIn(namespace.name)
      for (const theirs of ['--comment theirs', '-A THEIRS', ':FORWARD DROP', '-A PREROUTING -m mark --mark 0x7', 'from all fwmark 0x8 lookup 200']) assert.ok(meanwhile.includes(theirs), theirs)
      await cleanRules(netns)
      assert.equal(rulesIn(namespace.name), before)
    }
  })
}

test('rules of nft and of iptables side by side: each stays', async (t) => {
  if (!needTools(t, permitted)) return
  const namespace = addNamespace(t, 'clean')
  namespace.run('nft', 'add table inet theirs; add chain inet theirs x { type filter hook input priority 5; }; add rule inet theirs x tcp dport 25 drop')
  const before = rulesIn(namespace.name)
  const plan = planRules(PRESET_SETTINGS.linkerd)
  assert.equal((await applyRules(plan, { netns: namespace.path })).backend, 'nft')
  await cleanRules(namespace.path)
  assert.equal(rulesIn(namespace.name), before)
})
