import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRules } from '../../src/intercept/apply/apply-rules.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import { ensureNetns } from './enter.ts'
import { BACKENDS, needTools } from './init-lab.ts'
import { openTraffic } from './init-traffic.ts'
import type { Attempt } from './init-traffic.ts'

const permitted = ensureNetns()
const OTHER = { from: 9090, to: 9090 }
const CHANGES = 6

function neverAgain(attempts: readonly Attempt[]): void {
  const first = attempts.indexOf('refused')
  assert.ok(first >= 0)
  assert.ok(!attempts.slice(first).includes('clear'), attempts.join(' '))
}

for (const backend of BACKENDS) {
  test(`${backend}: an app that connects all the time is in the clear until the rules are set, and never again, however often they change`, async (t) => {
    if (!needTools(t, permitted)) return
    const { netns, isOpen, hammer } = await openTraffic(t)
    for (const version of [4, 6] as const) assert.ok(await isOpen(version))
    const plans = [PRESET_SETTINGS.mtlscope, { ...PRESET_SETTINGS.mtlscope, excludeInboundPorts: [OTHER] }, { ...PRESET_SETTINGS.istio, ipv6: 'capture' as const }].map(planRules)
    const end = hammer()
    for (let i = 0; i < CHANGES; i++) await applyRules(plans[i % plans.length]!, { netns, backend, force: true })
    const attempts = await end()
    for (const version of [4, 6] as const) neverAgain(attempts[version])
  })
}
