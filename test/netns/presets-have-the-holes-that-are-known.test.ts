import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { applyRules } from '../../src/intercept/apply/apply-rules.ts'
import type { InterceptBackend } from '../../src/intercept/apply/difference.ts'
import type { Hole } from '../../src/intercept/explain/hole.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import type { InterceptSettings } from '../../src/intercept/plan/settings.ts'
import { run } from '../../src/sys/exec.ts'
import { ensureNetns } from './enter.ts'
import { ExplainLab } from './explain-lab.ts'
import { needTools, packetOf, tablesIn } from './init-lab.ts'

const permitted = ensureNetns()
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const APP = { uid: 1000, ports: [8080], transparent: [] }

/** A pod with a proxy of that user and an app, the rules of the settings, and what explain says of it. */
async function holesWith(t: TestContext, settings: InterceptSettings, uid: number, backend: InterceptBackend): Promise<{ lab: ExplainLab, holes: Hole[] }> {
  const transparent = settings.mode === 'TPROXY' ? [settings.inboundPort] : []
  const ports = settings.preset === 'contrast' ? [settings.inboundPort] : [settings.outboundPort, settings.inboundPort]
  const lab = new ExplainLab([{ exe: 'envoy', uid, ports, transparent }, APP])
  t.after(() => lab.close())
  await lab.open()
  await applyRules(planRules(settings), { netns: `/run/netns/${lab.pod}`, backend })
  const { stdout, stderr } = await run(process.execPath, [MAIN, 'explain', '--netns', lab.pod, '--holes', '-o', 'json'], { timeoutMs: 60_000 })
  assert.equal(stderr, '')
  return { lab, holes: (JSON.parse(stdout) as { holes: Hole[] }).holes }
}

const kinds = (holes: readonly Hole[]): string[] => [...new Set(holes.map(({ kind }) => kind))].toSorted()

/** The packet of each hole goes through it in the kernel. */
async function provesItself(lab: ExplainLab, holes: readonly Hole[]): Promise<void> {
  const packets = holes.flatMap(({ packet }) => packet === undefined ? [] : [packetOf(packet, lab.world)])
  const { mismatches } = await lab.compare(new Netfilter(await tablesIn(`/run/netns/${lab.pod}`)), packets)
  assert.deepEqual(mismatches, [])
}

for (const backend of ['nft', 'iptables-nft', 'iptables-legacy'] as const) {
  for (const mode of ['REDIRECT', 'TPROXY'] as const) {
    test(`mtlscope, ${mode} with ${backend}: no hole`, async (t) => {
      if (!needTools(t, permitted)) return
      const { holes } = await holesWith(t, { ...PRESET_SETTINGS.mtlscope, mode }, 1337, backend)
      assert.deepEqual(holes, [])
    })
  }
}

const OPEN_UDP = ['udp-inbound-open', 'udp-outbound-open']
const OPEN_IPV6 = ['ipv6-inbound-open', 'ipv6-outbound-open']

for (const [name, settings, uid, expected] of [
  ['istio', PRESET_SETTINGS.istio, 1337, [...OPEN_IPV6, ...OPEN_UDP]],
  ['istio with IPv6', { ...PRESET_SETTINGS.istio, ipv6: 'capture' }, 1337, OPEN_UDP],
  ['istio with an app\'s port left out', { ...PRESET_SETTINGS.istio, ipv6: 'capture', excludeInboundPorts: [{ from: 8080, to: 8080 }] }, 1337, ['exempt-inbound-port', ...OPEN_UDP]],
  ['istio with networks and ports left out', { ...PRESET_SETTINGS.istio, ipv6: 'capture', excludeOutboundNetworks: ['192.168.0.0/16'], excludeOutboundPorts: [{ from: 3306, to: 3306 }] }, 1337, ['exempt-outbound-address', 'exempt-outbound-port', ...OPEN_UDP]],
  ['linkerd', PRESET_SETTINGS.linkerd, 2102, ['exempt-outbound-port', ...OPEN_IPV6, ...OPEN_UDP]],
  ['osm', PRESET_SETTINGS.osm, 1500, [...OPEN_IPV6, ...OPEN_UDP]],
  ['contrast', PRESET_SETTINGS.contrast, 1337, ['ipv6-inbound-open', 'outbound-open', ...OPEN_UDP]],
] as const satisfies readonly (readonly [string, InterceptSettings, number, readonly string[]])[]) {
  test(`${name}: ${expected.join(', ')}, each with a packet that goes through it`, async (t) => {
    if (!needTools(t, permitted)) return
    const { lab, holes } = await holesWith(t, settings, uid, 'iptables-nft')
    assert.deepEqual(kinds(holes), [...expected].toSorted())
    await provesItself(lab, holes)
  })
}
