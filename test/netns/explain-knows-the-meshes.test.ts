import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recogniseMesh } from '../../src/intercept/explain/mesh-profile.ts'
import type { HoleKind } from '../../src/intercept/explain/hole.ts'
import { contrast, istioRedirect, istioTproxy, linkerd } from '../../src/intercept/netfilter/listings.fixture.ts'
import { istioAmbient, istioNative, openServiceMesh } from '../../src/intercept/netfilter/mesh-listings.fixture.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import type { Table } from '../../src/intercept/netfilter/ruleset.ts'
import { ensureNetns } from './enter.ts'
import { applyNative, applyTables } from './explain-fuzz.ts'
import { APP, disprove, lookAt, openPod } from './explain-pod.ts'
import type { LabProcess } from './explain-lab.ts'

const permitted = ensureNetns()

interface Mesh {
  readonly name: string
  readonly rules: { readonly v4: string, readonly v6?: string } | { readonly native: string }
  readonly proxy: LabProcess
  readonly flows: readonly (readonly [packet: string, ends: RegExp])[]
  /** All of TCP that its own rules leave open when the app listens on 8080, 9090 and 15008. UDP is open in each of them. */
  readonly holes: readonly HoleKind[]
  readonly note?: RegExp
}

const proxy = (uid: number, ports: readonly number[], transparent: readonly number[] = [], exe = 'envoy'): LabProcess => ({ exe, uid, ports, transparent, udp: false })
const OPEN6: readonly HoleKind[] = ['ipv6-outbound-open', 'ipv6-inbound-open']

const MESHES: readonly Mesh[] = [
  { name: 'Istio', rules: { v4: istioRedirect(), v6: istioRedirect({ version: 6 }) }, proxy: proxy(1337, [15001, 15006]), holes: ['exempt-inbound-port'], flows: [
    ['tcp app -> [fd00::3]:80', /^arrives at \[::1\]:15001, original destination \[fd00::3\]:80/], ['tcp in eth0 [fd00::3] -> [fd00::2]:8080', /^arrives at \[fd00::2\]:15006/], ['tcp in eth0 10.0.0.3 -> :15008', /^arrives at 10\.0\.0\.2:15008, not intercepted/],
  ] },
  { name: 'Istio', rules: { native: istioNative() }, proxy: proxy(1337, [15001, 15006]), holes: ['exempt-inbound-port'], flows: [
    ['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001/], ['tcp app uid 1337 -> 10.0.0.3:80', /^leaves/], ['tcp app uid 1000 gid 1337 -> 10.0.0.3:80', /^leaves/], ['tcp app -> [fd00::3]:80', /^arrives at \[::1\]:15001/],
    ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006/], ['tcp in eth0 [fd00::3] -> [fd00::2]:8080', /^arrives at \[fd00::2\]:15006/], ['tcp app -> 10.0.0.2:8080', /not intercepted/], ['tcp app uid 1337 -> 10.0.0.2:8080', /^arrives at 127\.0\.0\.1:15006/],
    ['tcp app uid 1337 127.0.0.6 -> 10.0.0.2:8080', /not intercepted/],
  ] },
  { name: 'Istio', rules: { v4: istioTproxy() }, proxy: proxy(1337, [15001, 15006], [15006]), note: /no ip rule looks for mark 0x539: a proxy that dials the app with the client's address gets no answer/, holes: ['outbound-open', 'ipv6-inbound-open'], flows: [
    ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006 \(TPROXY\)/], ['tcp app uid 1337 -> 10.0.0.2:8080', /\(TPROXY\)/], ['tcp app -> 10.0.0.3:80', /^leaves/],
  ] },
  { name: 'Istio ambient', rules: { v4: istioAmbient(), v6: istioAmbient(6) }, proxy: proxy(0, [15001, 15006, 15053], [], 'ztunnel'), holes: ['exempt-inbound-port', 'exempt-inbound-source', 'exempt-mark', 'exempt-outbound-address'], flows: [
    ['tcp app uid 1337 -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001/], ['tcp app uid 0 mark 0x539 -> 10.0.0.3:80', /^leaves/], ['tcp app mark 0x1539 -> 10.0.0.3:80', /^leaves/], ['tcp app -> 10.0.0.2:8080', /not intercepted/],
    ['tcp app -> 10.0.0.3:53', /^arrives at 127\.0\.0\.1:15053/], ['udp app -> 10.0.0.3:443', /^leaves/], ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006/], ['tcp in eth0 10.0.0.3 -> :15008', /^arrives at 10\.0\.0\.2:15008, not intercepted/],
    ['tcp in eth0 [fd00::3] -> [fd00::2]:8080', /^arrives at \[fd00::2\]:15006/], ['tcp in eth0 169.254.7.127 -> :8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/],
  ] },
  { name: 'Linkerd', rules: { v4: linkerd() }, proxy: proxy(2102, [4140, 4143], [], 'linkerd2-proxy'), note: /connections to port 4143 have that port as their original destination/, holes: [...OPEN6, 'exempt-outbound-port'], flows: [
    ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:4143, original destination 10\.0\.0\.2:8080/], ['tcp in eth0 10.0.0.3 -> :4140', /^arrives at 10\.0\.0\.2:4143/], ['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:4140/], ['tcp app uid 2102 -> 10.0.0.3:80', /^leaves/], ['tcp app -> 10.0.0.2:8080', /not intercepted/],
  ] },
  { name: 'Open Service Mesh', rules: { v4: openServiceMesh() }, proxy: proxy(1500, [15001, 15003]), holes: [...OPEN6, 'exempt-inbound-port', 'exempt-outbound-address'], flows: [
    ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15003/], ['tcp in eth0 10.0.0.3 -> :9090', /^arrives at 10\.0\.0\.2:9090, not intercepted/], ['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001/], ['tcp app -> 192.168.7.7:80', /^leaves/],
    ['tcp app uid 1500 -> 10.0.0.3:80', /^leaves/], ['tcp app uid 1500 -> 10.0.0.2:8080', /^arrives at 127\.0\.0\.1:15003, original destination 10\.0\.0\.2:8080/], ['tcp app -> 10.0.0.2:8080', /not intercepted/],
  ] },
  { name: 'Open Service Mesh', rules: { v4: openServiceMesh('10.0.0.2') }, proxy: proxy(1500, [15001, 15003]), holes: [...OPEN6, 'exempt-inbound-port', 'exempt-outbound-address'], flows: [['tcp app uid 1500 -> 127.0.0.1:8080', /^arrives at 10\.0\.0\.2:8080, original destination 127\.0\.0\.1:8080/], ['tcp app -> 127.0.0.1:8080', /not intercepted/]] },
  { name: 'Contrast', rules: { v4: contrast() }, proxy: proxy(0, [15006, 15007], [15006, 15007]), holes: ['outbound-open', 'ipv6-inbound-open'], flows: [
    ['tcp in eth0 10.0.0.3 -> :9090', /^arrives at 10\.0\.0\.2:15006 \(TPROXY\), original destination 10\.0\.0\.2:9090/], ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15007 \(TPROXY\)/], ['tcp in eth0 10.0.0.3 -> :15006', /\(TPROXY\)/], ['tcp app -> 10.0.0.2:9090', /not intercepted/], ['tcp app -> 10.0.0.3:80', /^leaves/],
  ] },
]

for (const { name, rules, proxy, flows, holes, note = /interception is not mTLS/ } of MESHES) {
  test(`${name}, proxy under uid ${proxy.uid}, ${'native' in rules ? 'nft' : `${rules.v4.split('\n').length} lines of iptables`}: ends of packets and holes are the kernel's`, async (t) => {
    const lab = await openPod(t, permitted, [proxy, { ...APP, ports: [8080, 9090, 15008, 4242] }])
    if (lab === undefined) return
    const { tables } = 'native' in rules ? applyNative(lab, rules.native) : applyTables(lab, 'nft', rules.v4, rules.v6 ?? '')
    assert.equal(recogniseMesh(tables)?.name, name)
    const packets = flows.map(([text, ends]) => holdsFor(tables, text, ends, lab.world))
    assert.deepEqual(await lab.compare(new Netfilter(tables), packets), { mismatches: [], unknown: [] })
    const { subject, report } = await lookAt(lab)
    assert.equal(subject.mesh?.name, name)
    const found = [...new Set(report.holes.map(({ kind }) => kind))].filter((kind) => !kind.startsWith('udp-'))
    assert.deepEqual([found.sort(), report.unknown], [[...holes].sort(), []])
    assert.match(report.notes.join('\n'), note)
    assert.deepEqual(await disprove(lab, subject, report.holes), [])
  })
}

function holdsFor(tables: readonly Table[], text: string, ends: RegExp, world: Parameters<typeof walkPacket>[1]): Packet {
  const parsed = parsePacket(text, world)
  assert.ok(parsed.ok, text)
  assert.match(outcomeText(walkPacket(new Netfilter(tables), world, parsed.packet).outcome), ends, text)
  return parsed.packet
}
