import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { istioRedirect, istioTproxy, linkerd } from '../../src/intercept/netfilter/listings.fixture.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import type { Table } from '../../src/intercept/netfilter/ruleset.ts'
import { ensureNetns } from './enter.ts'
import { applyNative, applyTables } from './explain-fuzz.ts'
import type { ExplainLab } from './explain-lab.ts'
import { openPod } from './explain-pod.ts'

const permitted = ensureNetns()

const openLab = (t: TestContext): Promise<ExplainLab | undefined> => openPod(t, permitted, undefined)

/** Each packet ends as the line says, in the model and in the kernel. */
async function holds(lab: ExplainLab, tables: readonly Table[], flows: readonly (readonly [packet: string, ends: RegExp])[]): Promise<void> {
  const netfilter = new Netfilter(tables)
  const packets: Packet[] = []
  for (const [text, ends] of flows) {
    const parsed = parsePacket(text, lab.world)
    assert.ok(parsed.ok, text)
    assert.match(outcomeText(walkPacket(netfilter, lab.world, parsed.packet).outcome), ends, text)
    packets.push(parsed.packet)
  }
  const { mismatches, unknown } = await lab.compare(netfilter, packets)
  assert.deepEqual(mismatches, [])
  assert.deepEqual(unknown, [])
}

const ISTIO: readonly (readonly [string, RegExp])[] = [
  ['tcp app uid 1000 -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001, original destination 10\.0\.0\.3:80/],
  ['tcp app uid 1337 -> 10.0.0.3:80', /^leaves in the clear by eth0/],
  ['tcp app uid 1000 gid 1337 -> 10.0.0.3:80', /^leaves in the clear by eth0/],
  ['tcp app uid 1000 -> [fd00::3]:80', /^leaves in the clear by eth0/],
  ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.2:8080/],
  ['tcp in eth0 10.0.0.3 -> :9090', /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.2:9090/],
  ['tcp in eth0 10.0.0.3 -> :15006', /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.2:15006/],
  ['tcp in eth0 10.0.0.3 -> :15001', /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.2:15001/],
  ['tcp app uid 1000 -> 127.0.0.1:8080', /^arrives at 127\.0\.0\.1:8080, not intercepted/],
  ['tcp app uid 1000 -> 10.0.0.2:8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/],
  ['tcp app uid 1337 -> 10.0.0.2:8080', /^arrives at 127\.0\.0\.1:15006, original destination 10\.0\.0\.2:8080/],
  ['tcp app uid 1337 -> 127.0.0.2:8080', /^arrives at 127\.0\.0\.1:15006, original destination 127\.0\.0\.2:8080/],
  ['tcp app uid 1337 127.0.0.6 -> 10.0.0.2:8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/],
  ['tcp app uid 1000 127.0.0.6 -> 10.0.0.2:8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/],
  ['tcp app uid 1337 127.0.0.1 -> 127.0.0.6:15007', /^arrives at 127\.0\.0\.1:15006, original destination 127\.0\.0\.6:15007/],
  ['tcp app uid 0 127.0.0.1 -> 127.0.0.6:15007', /^arrives at 127\.0\.0\.6:15007, not intercepted/],
  ['tcp app uid 1000 127.0.0.6 -> 10.0.0.3:80', /^cannot be sent/],
  ['udp app -> 10.0.0.3:443', /^leaves in the clear by eth0/],
]

test('the flows that were measured with the rules of Istio, by both backends', async (t) => {
  const lab = await openLab(t)
  if (lab === undefined) return
  for (const backend of ['nft', 'legacy'] as const) {
    await holds(lab, applyTables(lab, backend, istioRedirect(), '').tables, ISTIO)
    applyTables(lab, backend, '', '')
  }
})

test('TPROXY: port 15008 is caught, marks lead the proxy to its own pod; without a listener xtables drops and nft goes on', async (t) => {
  const lab = await openLab(t)
  if (lab === undefined) return
  await holds(lab, applyTables(lab, 'nft', istioTproxy(), '').tables, [
    ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006 \(TPROXY\)/], ['tcp in eth0 10.0.0.3 -> :15008', /^arrives at 10\.0\.0\.2:15006 \(TPROXY\)/],
    ['tcp app uid 1337 -> 10.0.0.2:8080', /\(TPROXY\)/], ['tcp app uid 1000 -> 10.0.0.2:8080', /not intercepted/],
  ])
  const unheard = istioTproxy().replace('--on-port 15006', '--on-port 9090')
  await holds(lab, applyTables(lab, 'nft', unheard, '').tables, [['tcp in eth0 10.0.0.3 -> :8080', /^is dropped: nobody listens transparently on port 9090/]])
  applyTables(lab, 'nft', '', '')
  const native = 'table inet m {\n chain pre {\n  type filter hook prerouting priority -150; policy accept;\n  ct state established,related accept\n  meta l4proto tcp tproxy ip to :9090 meta mark set 1337 accept\n }\n}\n'
  await holds(lab, applyNative(lab, native).tables, [['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/]])
})

test('loopback skips PREROUTING nat, owners are exact, nobody is redirected to where nobody listens', async (t) => {
  const lab = await openLab(t)
  if (lab === undefined) return
  await holds(lab, applyTables(lab, 'legacy', linkerd(), '').tables, [
    ['tcp in eth0 10.0.0.3 -> :15001', /^arrives at 10\.0\.0\.2:4143, .*nobody listens there/], ['tcp app uid 1000 -> 10.0.0.2:80', /^arrives at 10\.0\.0\.2:80, not intercepted/],
    ['tcp app uid 2102 -> 10.0.0.3:80', /^leaves/], ['tcp app uid 1000 gid 2102 -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:4140/],
  ])
  const wide = '*nat\n-A PREROUTING -p tcp -j REDIRECT --to-ports 15006\nCOMMIT\n'
  await holds(lab, applyTables(lab, 'legacy', wide, '').tables, [['tcp app -> 10.0.0.2:8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/], ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006/]])
  const localhost = '*nat\n-A PREROUTING -p tcp -j DNAT --to-destination 127.0.0.1:8080\nCOMMIT\n'
  await holds(lab, applyTables(lab, 'legacy', localhost, '').tables, [['tcp in eth0 10.0.0.3 -> :80', /^is dropped: 127\.0\.0\.1 may not come from eth0 \(route_localnet is 0\)/]])
})

/** Each was told otherwise by the model once; the differential test found them. */
test('what the differential test found stays found', async (t) => {
  const lab = await openLab(t)
  if (lab === undefined) return
  const v6 = '*nat\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n'
  const v4 = '*nat\n-A OUTPUT -p tcp -o lo -j DNAT --to-destination 10.0.0.3:80\nCOMMIT\n'
  await holds(lab, applyTables(lab, 'nft', v4, v6).tables, [
    ['tcp app [::1] -> [fd00::3]:80', /^arrives at \[::1\]:15001/], ['tcp app -> 127.0.0.6:53', /^is dropped: nothing goes out by eth0 from 127\.0\.0\.1/],
  ])
  applyTables(lab, 'nft', '', '')
  const both = 'table inet m {\n chain in {\n  type filter hook input priority 0; policy accept;\n  ct state established,related accept\n  meta nfproto ipv4 meta l4proto tcp reject\n }\n}\n'
  await holds(lab, applyNative(lab, both).tables, [['tcp in eth0 [fd00::3] -> [fd00::2]:80', /^arrives at \[fd00::2\]:80, not intercepted/], ['tcp in eth0 10.0.0.3 -> :80', /^is rejected/]])
  const twice = [
    'table inet m {', ' chain out {', '  type nat hook output priority -100; policy accept;', '  meta nfproto ipv4 meta l4proto tcp redirect to :15001', ' }', ' chain pre {',
    '  type filter hook prerouting priority -150; policy accept;', '  ct state established,related accept', '  meta nfproto ipv4 meta l4proto tcp tproxy ip to :15006 meta mark set 0x539 accept', ' }', '}', '',
  ].join('\n')
  await holds(lab, applyNative(lab, twice).tables, [['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15006 \(TPROXY\), original destination 10\.0\.0\.3:80/]])
})
