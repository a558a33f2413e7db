import { execFileSync } from 'node:child_process'
import { applyRules, verifyRules } from '../src/intercept/apply/apply-rules.ts'
import { cleanRules } from '../src/intercept/apply/clean-rules.ts'
import type { InterceptBackend } from '../src/intercept/apply/difference.ts'
import { planRules } from '../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../src/intercept/plan/settings.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const LIMIT_MS = 150
const RUNS = 15
const SCENES = [
  { name: 'mtlscope, nft', settings: PRESET_SETTINGS.mtlscope, backend: 'nft' },
  { name: 'mtlscope, iptables-nft', settings: PRESET_SETTINGS.mtlscope, backend: 'iptables-nft' },
  { name: 'istio with TPROXY, DNS and IPv6, iptables-nft', settings: { ...PRESET_SETTINGS.istio, mode: 'TPROXY', dns: 'all', dropInvalid: true, ipv6: 'capture' }, backend: 'iptables-nft' },
  { name: 'mtlscope, iptables-legacy', settings: PRESET_SETTINGS.mtlscope, backend: 'iptables-legacy' },
] as const

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}

async function run({ progress }: BenchContext): Promise<Row[]> {
  const name = `mtlb-${process.pid}`
  const netns = `/run/netns/${name}`
  execFileSync('ip', ['netns', 'add', name])
  try {
    execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
    const samples = new Map<string, number[]>(SCENES.map((scene) => [scene.name, []]))
    for (let n = 0; n < RUNS; n++) {
      progress(`run ${n + 1} of ${RUNS}`)
      for (const scene of SCENES) samples.get(scene.name)!.push(await once(netns, scene.settings, scene.backend))
    }
    return SCENES.map((scene) => {
      const rules = planRules(scene.settings).rules.reduce((sum, rule) => sum + rule.versions.length, 0)
      return { metric: `set and verified: ${scene.name}`, unit: 'ms', samples: samples.get(scene.name)!, goal: { atMost: LIMIT_MS }, note: `${rules} rules in an empty namespace, both families; without the start of node` }
    })
  } finally {
    execFileSync('ip', ['netns', 'del', name])
  }
}

async function once(netns: string, settings: Parameters<typeof planRules>[0], backend: InterceptBackend): Promise<number> {
  const plan = planRules(settings)
  const elapsedMs = await timed(async () => {
    await applyRules(plan, { netns, backend })
    const { differences } = await verifyRules(plan, { netns, backend })
    if (differences.length > 0) throw new Error(differences[0])
  })
  await cleanRules(netns)
  return elapsedMs
}

export const bench: Bench = { name: 'init', claim: `init sets a full set of rules in a namespace, and verifies it, in under ${LIMIT_MS} ms`, run }
