import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRules, verifyRules } from '../../src/intercept/apply/apply-rules.ts'
import { cleanRules } from '../../src/intercept/apply/clean-rules.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import type { InterceptSettings } from '../../src/intercept/plan/settings.ts'
import { ensureNetns } from './enter.ts'
import { ExplainLab } from './explain-lab.ts'
import { BACKENDS, everythingIn, needTools, packetOf, tablesIn, touchLegacy } from './init-lab.ts'

const permitted = ensureNetns()

/** Each packet with what the model has to say of it; the lab then asks the kernel. */
type Vectors = readonly (readonly [packet: string, end: RegExp])[]

const OUT = 'tcp app uid 1000 -> 10.0.0.3:80'
const OUT6 = 'tcp app uid 1000 -> [fd00::3]:80'
const IN = 'tcp in eth0 10.0.0.3 -> 10.0.0.2:8080'
const IN6 = 'tcp in eth0 [fd00::3] -> [fd00::2]:8080'

const OWN: Vectors = [
  [OUT, /127\.0\.0\.1:15001, original destination 10\.0\.0\.3:80/], [OUT6, /\[::1\]:15001, original destination \[fd00::3\]:80/],
  [IN, /:15006.*original destination 10\.0\.0\.2:8080/], [IN6, /:15006.*original destination \[fd00::2\]:8080/],
  ['tcp app uid 1337 -> 10.0.0.3:80', /^leaves/], ['tcp app uid 1337 -> [fd00::3]:80', /^leaves/],
  ['tcp app uid 1000 -> 127.0.0.1:8080', /not intercepted/], ['tcp app uid 1337 -> 10.0.0.2:8080', /not intercepted/],
  ['udp app uid 1000 -> 10.0.0.3:443', /^is rejected/], ['udp app uid 1000 -> [fd00::3]:443', /^is rejected/],
  ['udp app uid 1000 -> 10.0.0.3:8080', /^is rejected/], ['udp app uid 1000 -> 10.0.0.3:53', /^leaves/], ['udp app uid 1000 -> [fd00::3]:53', /^leaves/],
  ['udp in eth0 10.0.0.3 -> 10.0.0.2:8080', /^is dropped/], ['udp in eth0 [fd00::3] -> [fd00::2]:8080', /^is dropped/],
]

const scenes: readonly { name: string, settings: InterceptSettings, vectors: Vectors }[] = [
  { name: 'mtlscope', settings: PRESET_SETTINGS.mtlscope, vectors: OWN },
  { name: 'mtlscope with TPROXY', settings: { ...PRESET_SETTINGS.mtlscope, mode: 'TPROXY' }, vectors: OWN },
  {
    name: 'mtlscope without IPv6', settings: { ...PRESET_SETTINGS.mtlscope, ipv6: 'drop' },
    vectors: [[OUT, /:15001/], [IN, /:15006/], [OUT6, /^is dropped/], [IN6, /^is dropped/], ['tcp app uid 1337 -> [fd00::3]:80', /^is dropped/], ['tcp app uid 1000 -> [::1]:8080', /not intercepted/]],
  },
  {
    name: 'istio', settings: { ...PRESET_SETTINGS.istio, ipv6: 'capture' },
    vectors: [[OUT, /:15001/], [OUT6, /:15001/], [IN, /:15006/], [IN6, /:15006/], ['tcp app uid 1000 gid 1337 -> 10.0.0.3:80', /^leaves/], ['tcp in eth0 10.0.0.3 -> 10.0.0.2:15008', /not intercepted/], ['tcp app uid 1337 -> 10.0.0.2:8080', /:15006/]],
  },
  {
    name: 'istio with TPROXY and DNS', settings: { ...PRESET_SETTINGS.istio, mode: 'TPROXY', dns: 'all', dropInvalid: true, ipv6: 'capture' },
    vectors: [[OUT, /:15001/], [OUT6, /:15001/], [IN, /:15006 \(TPROXY\)/], [IN6, /:15006 \(TPROXY\)/], ['udp app uid 1000 -> 10.0.0.3:53', /:15053/], ['tcp app uid 1000 -> 10.0.0.3:53', /:15053/], ['udp app uid 1337 -> 10.0.0.3:53', /^leaves/]],
  },
  { name: 'contrast', settings: { ...PRESET_SETTINGS.contrast, ingress: [{ port: 8080, isPlain: false }, { port: 9090, isPlain: true }] }, vectors: [[OUT, /^leaves/], [IN, /:15007 \(TPROXY\)/], ['tcp in eth0 10.0.0.3 -> 10.0.0.2:9090', /not intercepted/], ['tcp in eth0 10.0.0.3 -> 10.0.0.2:80', /:15006 \(TPROXY\)/], [IN6, /not intercepted/]] },
  { name: 'osm', settings: { ...PRESET_SETTINGS.osm, inboundPort: 15_006 }, vectors: [[OUT, /:15001/], [IN, /:15006/], ['tcp app uid 1500 -> 10.0.0.3:80', /^leaves/]] },
  { name: 'linkerd', settings: { ...PRESET_SETTINGS.linkerd, inboundPort: 15_006, outboundPort: 15_001 }, vectors: [[OUT, /:15001/], [IN, /:15006/], ['tcp app uid 2102 -> 10.0.0.3:80', /^leaves/], [OUT6, /^leaves/]] },
]

for (const backend of BACKENDS) {
  test(`${backend}: every preset is set, holds for real packets, is set once when set twice, and leaves no trace`, async (t) => {
    if (!needTools(t, permitted)) return
    const lab = new ExplainLab()
    t.after(() => lab.close())
    await lab.open()
    const netns = `/run/netns/${lab.pod}`
    if (backend === 'iptables-legacy') touchLegacy(lab.pod)
    const before = everythingIn(lab.pod)
    for (const { name, settings, vectors } of scenes) {
      const plan = planRules(settings)
      assert.deepEqual(await applyRules(plan, { netns, backend }), { backend, changed: true }, name)
      const set = everythingIn(lab.pod)
      assert.deepEqual(await verifyRules(plan, { netns }), { backend, differences: [] }, name)
      assert.deepEqual(await applyRules(plan, { netns }), { backend, changed: false }, name)
      assert.equal(everythingIn(lab.pod), set, name)

      await lab.look()
      const netfilter = new Netfilter(await tablesIn(netns))
      const packets = vectors.map(([text]) => packetOf(text, lab.world))
      for (const [i, packet] of packets.entries()) assert.match(outcomeText(walkPacket(netfilter, lab.world, packet).outcome), vectors[i]![1], `${name}: ${vectors[i]![0]}`)
      assert.deepEqual(await lab.compare(netfilter, packets), { mismatches: [], unknown: [] }, name)

      assert.equal(await cleanRules(netns), true)
      assert.equal(everythingIn(lab.pod), before, name)
      assert.equal(await cleanRules(netns), false)
    }
  })
}
