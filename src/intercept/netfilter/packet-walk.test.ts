import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../net/address.ts'
import { contrast, istioRedirect, istioTproxy, linkerd, tablesOf } from './listings.fixture.ts'
import { Netfilter } from './netfilter.ts'
import { outcomeText } from './outcome-text.ts'
import { packetText, parsePacket } from './packet-text.ts'
import { walkPacket } from './packet-walk.ts'
import type { Table } from './ruleset.ts'
import { planWorld } from './world.ts'
import type { World } from './world.ts'

const POD = planWorld([parseAddress('10.0.0.2')!, parseAddress('fd00::2')!])

function tell(tables: readonly Table[], text: string, world: World = POD): string {
  const parsed = parsePacket(text, world)
  if (!parsed.ok) throw new Error(parsed.problem.what)
  const again = parsePacket(packetText(parsed.packet), world)
  assert.deepEqual(again.ok && again.packet, parsed.packet)
  return outcomeText(walkPacket(new Netfilter(tables), world, parsed.packet).outcome)
}

/** The table of measured results in the reference, line for line. */
const ISTIO_VECTORS: readonly [string, string][] = [
  ['tcp app uid 1000 -> 10.0.0.3:80', 'arrives at 127.0.0.1:15001, original destination 10.0.0.3:80'],
  ['tcp app uid 1337 -> 10.0.0.3:80', 'leaves in the clear by eth0, to 10.0.0.3:80'],
  ['tcp app uid 1000 gid 1337 -> 10.0.0.3:80', 'leaves in the clear by eth0, to 10.0.0.3:80'],
  ['tcp app uid 1000 -> [fd00::3]:80', 'leaves in the clear by eth0, to [fd00::3]:80'],
  ['tcp in eth0 10.0.0.3:5555 -> 10.0.0.2:8080', 'arrives at 10.0.0.2:15006, original destination 10.0.0.2:8080'],
  ['tcp in eth0 10.0.0.3:5555 -> :9090', 'arrives at 10.0.0.2:15006, original destination 10.0.0.2:9090'],
  ['tcp in eth0 10.0.0.3:5555 -> :15006', 'arrives at 10.0.0.2:15006, original destination 10.0.0.2:15006'],
  ['tcp in eth0 10.0.0.3:5555 -> :15001', 'arrives at 10.0.0.2:15006, original destination 10.0.0.2:15001'],
  ['tcp in eth0 10.0.0.3:5555 -> :15021', 'arrives at 10.0.0.2:15021, not intercepted'],
  ['tcp app uid 1000 -> 127.0.0.1:8080', 'arrives at 127.0.0.1:8080, not intercepted'],
  ['tcp app uid 1000 -> 10.0.0.2:8080', 'arrives at 10.0.0.2:8080, not intercepted'],
  ['tcp app uid 1337 -> 10.0.0.2:8080', 'arrives at 127.0.0.1:15006, original destination 10.0.0.2:8080'],
  ['tcp app uid 1337 -> 127.0.0.2:8080', 'arrives at 127.0.0.1:15006, original destination 127.0.0.2:8080'],
  ['tcp app uid 1337 127.0.0.6 -> 10.0.0.2:8080', 'arrives at 10.0.0.2:8080, not intercepted'],
  ['tcp app uid 5 127.0.0.6 -> 10.0.0.2:8080', 'arrives at 10.0.0.2:8080, not intercepted'],
  ['tcp app uid 1337 127.0.0.1 -> 127.0.0.6:15002', 'arrives at 127.0.0.1:15006, original destination 127.0.0.6:15002'],
  ['tcp app uid 0 127.0.0.1 -> 127.0.0.6:15002', 'arrives at 127.0.0.6:15002, not intercepted'],
  ['tcp app uid 1000 127.0.0.6 -> 10.0.0.3:80', 'cannot be sent: the kernel lets nothing out by eth0 from 127.0.0.6'],
  ['udp app -> 10.0.0.3:443', 'leaves in the clear by eth0, to 10.0.0.3:443'],
  ['tcp in eth0 127.0.0.1:5 -> :80', 'is dropped: 127.0.0.1 may not come from eth0 (line 17: -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006)'],
]

test('the flows that were measured with the rules of Istio end as they did', () => {
  const tables = tablesOf(istioRedirect())
  for (const [packet, end] of ISTIO_VECTORS) assert.equal(tell(tables, packet), end, packet)
})

test('with rules of both families IPv6 goes the same way', () => {
  const tables = [...tablesOf(istioRedirect()), ...tablesOf(istioRedirect({ version: 6 }), 6)]
  assert.equal(tell(tables, 'tcp app -> [fd00::3]:80'), 'arrives at [::1]:15001, original destination [fd00::3]:80')
  assert.equal(tell(tables, 'tcp in eth0 [fd00::3]:5 -> [fd00::2]:80'), 'arrives at [fd00::2]:15006, original destination [fd00::2]:80')
})

test('TPROXY keeps the destination, catches port 15008, and marks lead Envoy to its own pod', () => {
  const tables = tablesOf(istioTproxy())
  assert.equal(tell(tables, 'tcp in eth0 10.0.0.3:5 -> :8080'), 'arrives at 10.0.0.2:15006 (TPROXY), original destination 10.0.0.2:8080')
  assert.equal(tell(tables, 'tcp in eth0 10.0.0.3:5 -> :15008'), 'arrives at 10.0.0.2:15006 (TPROXY), original destination 10.0.0.2:15008')
  assert.equal(tell(tables, 'tcp in eth0 10.0.0.3:5 -> :15090'), 'arrives at 10.0.0.2:15090, not intercepted')
  assert.equal(tell(tables, 'tcp app uid 1337 -> 10.0.0.2:8080'), 'arrives at 127.0.0.1:15006 (TPROXY), original destination 10.0.0.2:8080')
  assert.equal(tell(tables, 'tcp app -> 10.0.0.2:8080'), 'arrives at 10.0.0.2:8080, not intercepted')
  const nobody = { ...POD, listeners: [] }
  assert.match(tell(tables, 'tcp in eth0 10.0.0.3:5 -> :8080', nobody), /^is dropped: nobody listens transparently on port 15006/)
})

test('Linkerd and Contrast: what is exempted goes to the app', () => {
  const rules = tablesOf(linkerd())
  assert.equal(tell(rules, 'tcp in eth0 10.0.0.3:5 -> :4140'), 'arrives at 10.0.0.2:4143, original destination 10.0.0.2:4140')
  assert.equal(tell(rules, 'tcp in eth0 10.0.0.3:5 -> :4191'), 'arrives at 10.0.0.2:4191, not intercepted')
  assert.equal(tell(rules, 'tcp app -> 10.0.0.2:80'), 'arrives at 10.0.0.2:80, not intercepted')
  assert.equal(tell(rules, 'tcp app uid 2102 -> 10.0.0.3:80'), 'leaves in the clear by eth0, to 10.0.0.3:80')
  const tables = tablesOf(contrast())
  assert.equal(tell(tables, 'tcp in eth0 10.0.0.3:5 -> :7890'), 'arrives at 10.0.0.2:7890, not intercepted')
  assert.equal(tell(tables, 'tcp in eth0 10.0.0.3:5 -> :8080'), 'arrives at 10.0.0.2:15007 (TPROXY), original destination 10.0.0.2:8080')
  assert.equal(tell(tables, 'tcp app -> 10.0.0.3:5'), 'leaves in the clear by eth0, to 10.0.0.3:5')
})

function nat(...rules: string[]): Table[] {
  return tablesOf(['*nat', ...rules, 'COMMIT'].join('\n'))
}

test('a packet without a socket: xtables takes it for everybody else', () => {
  const rules = nat('-A OUTPUT -p tcp -m owner ! --uid-owner 5 -j REDIRECT --to-ports 1')
  assert.match(tell(rules, 'tcp no socket -> 10.0.0.3:80'), /^arrives at 127\.0\.0\.1:1,/)
  assert.match(tell(nat('-A OUTPUT -p tcp -m owner --uid-owner 0-4294967294 -j REDIRECT --to-ports 1'), 'tcp no socket -> 10.0.0.3:80'), /^leaves/)
})

test('the direction: the first packet of a connection is original, an answer is not, and without an entry there is none', () => {
  const rules = tablesOf('*raw\n-A OUTPUT -p udplite -j CT --notrack\n-A OUTPUT -p sctp -m conntrack --ctdir ORIGINAL -j DROP\n-A OUTPUT -p dccp -m conntrack --ctstate INVALID --ctdir REPLY -j DROP\nCOMMIT\n*filter\n-A OUTPUT -m conntrack --ctdir REPLY -j DROP\n-A OUTPUT -p udplite -m conntrack --ctdir ORIGINAL -j DROP\n-A OUTPUT -p udp -m conntrack --ctdir ORIGINAL -j REJECT\nCOMMIT\n')
  for (const packet of ['tcp app -> 10.0.0.3:80', 'tcp app state related -> 10.0.0.3:80', 'tcp app state established original -> 10.0.0.3:80', 'tcp app state invalid -> 10.0.0.3:80', 'udp app state untracked -> 10.0.0.3:80', 'udplite app -> 10.0.0.3:80', 'sctp app -> 10.0.0.3:80']) {
    assert.match(tell(rules, packet), /^leaves/, packet)
  }
  assert.match(tell(rules, 'tcp app reply 10.0.0.2:80 -> 10.0.0.3:40000'), /^is dropped: a rule drops it \(line 7: .*REPLY/)
  assert.match(tell(rules, 'udp app -> 10.0.0.3:80'), /^is rejected/)
  assert.match(tell(rules, 'dccp app -> 10.0.0.3:80'), /^is dropped: a rule drops it \(line 4: /)
  for (const packet of ['tcp app state established -> 10.0.0.3:80', 'icmp no socket state related -> 10.0.0.3']) assert.match(tell(rules, packet), /^unknown: it is not known of this packet/, packet)
  const zoned = tablesOf('*raw\n-A OUTPUT -j CT --zone 1\n-A OUTPUT -m conntrack --ctdir ORIGINAL -m conntrack --ctstate NEW -j DROP\nCOMMIT\n')
  assert.match(tell(zoned, 'tcp app -> 10.0.0.3:80'), /^is dropped/)
})

test('a packet whose direction contradicts its state is refused', () => {
  for (const text of ['tcp app state new reply -> 10.0.0.3:80', 'tcp app state invalid original -> 10.0.0.3:80', 'tcp app state untracked reply -> 10.0.0.3:80']) assert.equal(parsePacket(text, POD).ok, false, text)
})

test('what is not modelled makes the answer unknown only where it decides', () => {
  assert.match(tell(nat('-A OUTPUT -m statistic --mode random --probability 0.5 -j RETURN', '-A OUTPUT -p tcp -j REDIRECT --to-ports 1'), 'tcp app -> 10.0.0.3:80'), /^unknown: it is not modelled whether -m statistic holds \(line 2/)
  assert.match(tell(nat('-A OUTPUT -m statistic --mode random --probability 0.5 -j LOG', '-A OUTPUT -p tcp -j REDIRECT --to-ports 1'), 'tcp app -> 10.0.0.3:80'), /^arrives at 127\.0\.0\.1:1,/)
  assert.match(tell(nat('-A OUTPUT -m limit --limit 1/s -p tcp -j REDIRECT --to-ports 1', '-A OUTPUT -p tcp -j REDIRECT --to-ports 1'), 'tcp app -> 10.0.0.3:80'), /^arrives at 127\.0\.0\.1:1,/)
  assert.match(tell(nat('-A OUTPUT -p tcp -j NFQUEUE'), 'tcp app -> 10.0.0.3:80'), /^unknown: NFQUEUE is no chain/)
})

test('jump loops and ways without number end', () => {
  assert.match(tell(nat(':A - [0:0]', '-A OUTPUT -j A', '-A A -j A'), 'tcp app -> 10.0.0.3:80'), /^unknown: chains jump more than 64 deep/)
  const chains = Array.from({ length: 40 }, (_, i) => [`:C${i} - [0:0]`, `-A C${i} -j C${i + 1}`, `-A C${i} -j C${i + 1}`]).flat()
  assert.match(tell(nat(...chains, ':C40 - [0:0]', '-A OUTPUT -j C0'), 'tcp app -> 10.0.0.3:80'), /^unknown: more than \d+ rules were met/)
})

test('goto does not come back, return in a base chain is its policy', () => {
  const drop = tablesOf('*filter\n:OUTPUT DROP [0:0]\n:A - [0:0]\n-A OUTPUT -p udp -g A\n-A OUTPUT -p tcp -j RETURN\n-A OUTPUT -j ACCEPT\n-A A -p sctp -j ACCEPT\nCOMMIT')
  assert.match(tell(drop, 'tcp app -> 10.0.0.3:80'), /^is dropped: the policy of ip filter OUTPUT/)
  assert.match(tell(drop, 'udp app -> 10.0.0.3:80'), /^is dropped: the policy/)
  assert.match(tell(drop, 'icmp app -> 10.0.0.3'), /^leaves/)
})

test('two backends that both translate at the same priority: which one wins is not known', () => {
  const one = nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 1')
  const two = nat('-A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 2')
  assert.match(tell([...one, ...two], 'tcp app -> 10.0.0.3:80'), /^unknown: .*same priority/)
  assert.match(tell([...one, ...two], 'tcp app -> 10.0.0.3:81'), /^arrives at 127\.0\.0\.1:1,/)
})

test('thousands of exemptions are found as one by one', () => {
  const rules = [...Array(500).keys()].flatMap((i) => [`-A OUTPUT -p tcp --dport ${1000 + i} -m owner --uid-owner ${i % 3} -j RETURN`])
  const nets = [...Array(200).keys()].map((i) => `-A OUTPUT -d 10.${i}.0.0/${i % 2 === 0 ? 16 : 24} -j RETURN`)
  const tables = nat(...rules, '-A OUTPUT -p tcp --dport 1100 -j REDIRECT --to-ports 7', ...nets, '-A OUTPUT -p tcp -j REDIRECT --to-ports 1')
  const ends = ['tcp app uid 1 -> 11.1.1.1:1100', 'tcp app uid 2 -> 11.1.1.1:1100', 'tcp app uid 1 -> 10.2.9.9:9', 'tcp app uid 1 -> 10.3.9.9:9', 'tcp app uid 1 -> 10.3.0.9:9'].map((packet) => tell(tables, packet).split(',')[0])
  assert.deepEqual(ends, ['leaves in the clear by eth0', 'arrives at 127.0.0.1:7', 'leaves in the clear by eth0', 'arrives at 127.0.0.1:1', 'leaves in the clear by eth0'])
})
