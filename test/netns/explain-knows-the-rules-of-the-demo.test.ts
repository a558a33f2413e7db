import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS, INBOUND_PORT, OUTBOUND_PORT, planRoutes, planRules, SIDECAR_MARK } from '../../src/demo/interception-plan.ts'
import { describeWays } from '../../src/intercept/explain/ways.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import { ensureNetns } from './enter.ts'
import { applyNative, applyTables } from './explain-fuzz.ts'
import type { LabProcess } from './explain-lab.ts'
import { APP, disprove, lookAt, openPod } from './explain-pod.ts'

const permitted = ensureNetns()
const IP = '10.0.0.2'
/** Root, as all are in the demo. */
const sidecar = (...ports: number[]): LabProcess => ({ exe: 'envoy', uid: 0, ports, transparent: ports, udp: false })

const ROLES = [
  { what: 'called by others', proxy: sidecar(INBOUND_PORT, OUTBOUND_PORT), way: /^arrives at 10\.0\.0\.2:15006 \(TPROXY\), original destination 10\.0\.0\.2:\d+/, verdict: 'proxy' },
  { what: 'called by nobody', proxy: sidecar(OUTBOUND_PORT), way: /^is dropped/, verdict: 'stopped' },
] as const

for (const backend of BACKENDS) {
  for (const { what, proxy, way, verdict } of ROLES) {
    test(`${backend}, ${what}: packets end as they do in the kernel, and no TCP of an app goes past the sidecar`, async (t) => {
      const lab = await openPod(t, permitted, [proxy, { ...APP, udp: false }])
      if (lab === undefined) return
      // Of IPv4 only, as the demo is.
      lab.run('sysctl', ['-qw', 'net.ipv6.conf.all.disable_ipv6=1'])
      for (const line of planRoutes()) lab.run('ip', line.split(' '))
      const { tables } = backend === 'nft' ? applyNative(lab, planRules('nft', IP)) : applyTables(lab, 'nft', planRules('iptables', IP), '')
      await lab.look()
      const flows: [string, RegExp][] = [
        ['tcp in eth0 10.0.0.3 -> :8080', way], ['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001 \(TPROXY\), original destination 10\.0\.0\.3:80/],
        [`tcp app uid 0 mark ${SIDECAR_MARK} -> 10.0.0.3:80`, /^leaves/], [`tcp app -> ${IP}:8080`, /^arrives at 10\.0\.0\.2:8080, not intercepted/],
      ]
      const packets = flows.map(([text, ends]) => {
        const parsed = parsePacket(text, lab.world)
        assert.ok(parsed.ok, text)
        assert.match(outcomeText(walkPacket(new Netfilter(tables), lab.world, parsed.packet).outcome), ends, text)
        return parsed.packet
      })
      assert.deepEqual(await lab.compare(new Netfilter(tables), packets), { mismatches: [], unknown: [] })
      const { subject, report } = await lookAt(lab)
      assert.deepEqual([report.unknown, report.holes.map(({ kind }) => kind).filter((kind) => kind !== 'privileged-app').sort()], [[], ['exempt-mark', 'udp-outbound-open']])
      assert.deepEqual(await disprove(lab, subject, report.holes), [])
      const ways = describeWays(subject).filter(({ who }) => !who.includes('UDP')).map(({ who, verdict }) => `${who}: ${verdict}`)
      assert.deepEqual(ways, [`a client: ${verdict}`, 'an app: proxy', 'the proxy (mark 0x539): own'])
    })
  }
}
