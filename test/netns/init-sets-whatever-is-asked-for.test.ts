import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { applyRules, verifyRules } from '../../src/intercept/apply/apply-rules.ts'
import { cleanRules } from '../../src/intercept/apply/clean-rules.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { anySettings } from '../../src/intercept/plan/settings.fixture.ts'
import { ensureNetns } from './enter.ts'
import { BACKENDS, everythingIn, needTools, touchLegacy } from './init-lab.ts'
import { addNamespace } from './namespace.ts'

const permitted = ensureNetns()
const CASES = Number(process.env.MTLSCOPE_INIT_CASES ?? 8)

for (const backend of BACKENDS) {
  test(`${backend}: ${CASES} settings drawn at random are set, read back as planned, and cleaned without a trace`, async (t) => {
    if (!needTools(t, permitted)) return
    const { name, path: netns } = addNamespace(t, 'any')
    if (backend === 'iptables-legacy') touchLegacy(name)
    const before = everythingIn(name)
    for (const settings of fc.sample(anySettings, { numRuns: CASES, seed: 6 })) {
      const plan = planRules(settings)
      const asked = JSON.stringify(settings)
      await applyRules(plan, { netns, backend })
      assert.deepEqual((await verifyRules(plan, { netns, backend })).differences, [], asked)
      assert.deepEqual(await applyRules(plan, { netns, backend }), { backend, changed: false }, asked)
      await cleanRules(netns)
      assert.equal(everythingIn(name), before, asked)
    }
  })
}
