import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { linkerd } from '../../src/intercept/netfilter/listings.fixture.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { parseNftJson } from '../../src/intercept/netfilter/nft-json.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import type { Table } from '../../src/intercept/netfilter/ruleset.ts'
import { ensureNetns } from './enter.ts'
import { applyNative, applyTables } from './explain-fuzz.ts'
import type { ExplainLab } from './explain-lab.ts'
import { openPod } from './explain-pod.ts'
import { endChild } from './peers.ts'

const permitted = ensureNetns()

interface Fact {
  /** As the reference numbers and words it. */
  readonly fact: string
  readonly rules: { readonly v4?: string, readonly v6?: string } | { readonly native: string }
  /** Done in the pod before, and undone after. */
  readonly set?: readonly (readonly string[])[]
  readonly unset?: readonly (readonly string[])[]
  readonly flows: readonly (readonly [packet: string, ends: RegExp])[]
}

const nat = (...rules: string[]): string => ['*nat', ...rules, 'COMMIT', ''].join('\n')
const mangle = (...rules: string[]): string => ['*mangle', ...rules, 'COMMIT', ''].join('\n')
const base = (type: string, hook: string, priority: number, ...rules: string[]): string => `table inet m {\n chain c {\n  type ${type} hook ${hook} priority ${priority}; policy accept;\n${rules.map((rule) => `  ${rule}\n`).join('')} }\n}\n`

const FACTS: readonly Fact[] = [
  { fact: '1: raw, mangle, nat and filter see a packet that is made here in this order', rules: { v4: '*raw\n-A OUTPUT -d 10.0.0.3 -p tcp --dport 443 -j DROP\nCOMMIT\n*mangle\n-A OUTPUT -d 10.0.0.3 -p tcp --dport 80 -j DROP\nCOMMIT\n*nat\n-A OUTPUT -d 10.0.0.3 -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n*filter\n-A OUTPUT -p tcp --dport 15001 -d 127.0.0.1 -m mark ! --mark 0x40 -j DROP\n-A OUTPUT -p tcp -d 10.0.0.3 -j DROP\nCOMMIT\n' }, flows: [
    ['tcp app -> 10.0.0.3:443', /^is dropped: a rule drops it \(line \d+: -A OUTPUT .*443/], ['tcp app -> 10.0.0.3:80', /^is dropped: .* 80 /], ['tcp app -> 10.0.0.3:9090', /^is dropped: .* 15001 /], ['tcp app mark 0x40 -> 10.0.0.3:9090', /^arrives at 127\.0\.0\.1:15001/],
  ] },
  { fact: '1: a mark that is set in mangle OUTPUT leads elsewhere', rules: { v4: mangle('-A OUTPUT -p udp --dport 9090 -j MARK --set-mark 7') }, set: [['ip', 'rule', 'add', 'fwmark', '7', 'lookup', '77'], ['ip', 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '77']], unset: [['ip', 'rule', 'del', 'fwmark', '7'], ['ip', 'route', 'flush', 'table', '77']], flows: [
    ['udp app -> 203.0.113.9:9090', /^arrives at 203\.0\.113\.9:9090, not intercepted/], ['udp app -> 203.0.113.9:80', /^leaves in the clear by eth0/],
  ] },
  { fact: '2: what nat of OUTPUT has answered stands, be it no', rules: { v4: nat('-A OUTPUT -p tcp -m tcp --dport 80 -j RETURN', '-A PREROUTING -p tcp -j REDIRECT --to-ports 15006') }, flows: [['tcp app -> 10.0.0.2:80', /^arrives at 10\.0\.0\.2:80, not intercepted/]] },
  { fact: '3: app to the own pod skips PREROUTING nat', rules: { v4: nat('-A PREROUTING -p tcp -j REDIRECT --to-ports 15006') }, flows: [['tcp app -> 10.0.0.2:8080', /^arrives at 10\.0\.0\.2:8080, not intercepted/], ['tcp app -> 127.0.0.1:8080', /not intercepted/], ['tcp in eth0 10.0.0.3 -> :8080', /^arrives at 10\.0\.0\.2:15006/]] },
  { fact: '3: mangle has no such shield', rules: { v4: mangle('-A PREROUTING -p tcp -m conntrack --ctstate ESTABLISHED -j RETURN', '-A PREROUTING -p tcp -j TPROXY --on-port 15006 --tproxy-mark 0/0') }, flows: [['tcp app -> 10.0.0.2:8080', /^arrives at 127\.0\.0\.1:15006 \(TPROXY\), original destination 10\.0\.0\.2:8080/]] },
  { fact: '4: -o lo is decided before NAT, for each own address', rules: { v4: nat('-A OUTPUT -o lo -p tcp -j REDIRECT --to-ports 15001') }, flows: [['tcp app -> 10.0.0.2:8080', /^arrives at 127\.0\.0\.1:15001/], ['tcp app -> 127.0.0.2:8080', /^arrives at 127\.0\.0\.1:15001/], ['tcp app -> 10.0.0.3:8080', /^leaves/]] },
  { fact: '5: REDIRECT goes to the loopback address, or to the first of the interface', rules: { v4: nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001', '-A PREROUTING -p tcp -j REDIRECT --to-ports 15006'), v6: nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001', '-A PREROUTING -p tcp -j REDIRECT --to-ports 15006') }, set: [['ip', 'addr', 'add', '10.0.0.22/24', 'dev', 'eth0']], unset: [['ip', 'addr', 'del', '10.0.0.22/24', 'dev', 'eth0']], flows: [
    ['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001/], ['tcp app -> [fd00::3]:80', /^arrives at \[::1\]:15001/], ['tcp in eth0 10.0.0.3 -> 10.0.0.2:80', /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.2:80/], ['tcp in eth0 10.0.0.3 -> 10.0.0.22:80', /^arrives at 10\.0\.0\.2:15006, original destination 10\.0\.0\.22:80/], ['tcp in eth0 [fd00::3] -> [fd00::2]:80', /^arrives at \[fd00::2\]:15006/],
  ] },
  { fact: '7: the uid is that of the moment when the socket was opened', rules: { v4: nat('-A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN', '-A OUTPUT -p tcp -j REDIRECT --to-ports 15001') }, flows: [['tcp app uid 1337 -> 10.0.0.3:80', /^leaves/], ['tcp app uid 0 -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001/]] },
  { fact: '9: REDIRECT to where nobody listens is refused, TPROXY drops', rules: { v4: `${nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 999')}${mangle('-A PREROUTING ! -i lo -p tcp -j TPROXY --on-port 999 --tproxy-mark 0/0')}` }, flows: [['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:999, .*nobody listens there: refused/], ['tcp in eth0 10.0.0.3 -> :80', /^is dropped: nobody listens transparently on port 999/]] },
  { fact: '12: nobody from outside gets to 127.0.0.1', rules: { v4: nat('-A PREROUTING -p tcp -j DNAT --to-destination 127.0.0.1:8080') }, flows: [['tcp in eth0 10.0.0.3 -> :80', /^is dropped: 127\.0\.0\.1 may not come from eth0 \(route_localnet is 0\)/]] },
  { fact: '12: but where route_localnet is 1', rules: { v4: nat('-A PREROUTING -p tcp -j DNAT --to-destination 127.0.0.1:8080') }, set: [['sysctl', '-qw', 'net.ipv4.conf.eth0.route_localnet=1']], unset: [['sysctl', '-qw', 'net.ipv4.conf.eth0.route_localnet=0']], flows: [['tcp in eth0 10.0.0.3 -> :80', /^arrives at 127\.0\.0\.1:8080, original destination 10\.0\.0\.2:80/]] },
  { fact: '13: inserts stand before what was there', rules: { v4: nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001', '-I OUTPUT -p tcp --dport 80 -j RETURN', '-I OUTPUT 1 -p tcp --dport 80 -j REDIRECT --to-ports 15006') }, flows: [['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15006/], ['tcp app -> 10.0.0.3:443', /^arrives at 127\.0\.0\.1:15001/]] },
  { fact: '13: return in a base chain of nft falls to its policy', rules: { native: 'table inet m {\n chain c {\n  type filter hook output priority 0; policy drop;\n  ct state established,related accept\n  meta nfproto ipv6 accept\n  tcp dport 80 return\n  accept\n }\n}\n' }, flows: [['tcp app -> 10.0.0.3:80', /^is dropped: the policy of inet m c/], ['tcp app -> 10.0.0.3:443', /^leaves/]] },
  { fact: '14: UDP passes every mesh', rules: { v4: linkerd() }, flows: [['udp app -> 10.0.0.3:443', /^leaves in the clear by eth0/], ['udp in eth0 10.0.0.3 -> :443', /^arrives at 10\.0\.0\.2:443, not intercepted/]] },
  { fact: '2.3: the first zone that is assigned stays', rules: { native: 'table inet m {\n chain r {\n  type filter hook output priority -300;\n  meta l4proto udp ct zone set 1\n  meta l4proto udp ct zone set 2\n }\n chain c {\n  type filter hook output priority 0;\n  udp dport 53 ct zone 1 drop\n  udp dport 80 ct zone 2 drop\n }\n}\n' }, flows: [['udp app -> 10.0.0.3:53', /^is dropped/], ['udp app -> 10.0.0.3:80', /^leaves/]] },
  { fact: '2.8: a line of inet without a family acts on IPv6, too', rules: { native: base('nat', 'output', -100, 'meta l4proto tcp redirect to :15001') }, flows: [['tcp app -> 10.0.0.3:80', /^arrives at 127\.0\.0\.1:15001/], ['tcp app -> [fd00::3]:80', /^arrives at \[::1\]:15001/]] },
  { fact: 'ct direction: a first packet is original, also over the loopback, and before conntrack nothing holds', rules: { native: 'table inet m {\n chain r {\n  type filter hook output priority -300;\n  udp dport 53 ct direction original drop\n  udp dport 80 ct direction != reply drop\n }\n chain c {\n  type filter hook output priority 0;\n  udp dport 443 ct direction original drop\n  udp dport 8080 ct direction != reply drop\n  udp dport 9090 ct direction reply drop\n  udp dport 3306 ct direction { original, reply } drop\n }\n chain p {\n  type filter hook prerouting priority 0;\n  tcp dport 9090 ct direction original drop\n }\n}\n' }, flows: [
    ['udp app -> 10.0.0.3:53', /^leaves/], ['udp app -> 10.0.0.3:80', /^leaves/], ['udp app -> 10.0.0.3:443', /^is dropped/], ['udp app -> 10.0.0.3:8080', /^is dropped/], ['udp app -> 10.0.0.3:9090', /^leaves/], ['udp app -> 10.0.0.3:3306', /^is dropped/],
    ['tcp in eth0 10.0.0.3 -> :9090', /^is dropped/], ['tcp app -> 127.0.0.1:9090', /^is dropped/],
  ] },
  { fact: '--ctdir: the same, but that a zone is an entry, and that a state beside it is all that is asked of a packet without one', rules: { v4: '*raw\n-A OUTPUT -p udp --dport 53 -m conntrack --ctdir ORIGINAL -j DROP\n-A OUTPUT -p udp --dport 80 -m conntrack --ctstate INVALID --ctdir REPLY -j DROP\n-A OUTPUT -p udp --dport 443 -m conntrack --ctstate INVALID -m conntrack --ctdir REPLY -j DROP\n-A OUTPUT -p udp --dport 9090 -j CT --zone 3\n-A OUTPUT -p udp --dport 9090 -m conntrack --ctstate NEW --ctdir ORIGINAL -j DROP\nCOMMIT\n*filter\n-A OUTPUT -p udp --dport 8080 -m conntrack --ctdir ORIGINAL -j DROP\n-A OUTPUT -p udp --dport 3306 -m conntrack --ctdir REPLY -j DROP\n-A INPUT -p tcp --dport 9090 -m conntrack --ctdir ORIGINAL -j DROP\nCOMMIT\n' }, flows: [
    ['udp app -> 10.0.0.3:53', /^leaves/], ['udp app -> 10.0.0.3:80', /^is dropped/], ['udp app -> 10.0.0.3:443', /^leaves/], ['udp app -> 10.0.0.3:9090', /^is dropped/], ['udp app -> 10.0.0.3:8080', /^is dropped/], ['udp app -> 10.0.0.3:3306', /^leaves/],
    ['tcp in eth0 10.0.0.3 -> :9090', /^is dropped/],
  ] },
]

test('the facts of the reference hold in the kernel, and explain says the same', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  let wasNative = false
  for (const { fact, rules, set = [], unset = [], flows } of FACTS) {
    if (wasNative !== 'native' in rules) applyNative(lab, '')
    wasNative = 'native' in rules
    for (const [program, ...words] of set) lab.run(program!, words)
    const { tables }: { tables: Table[] } = 'native' in rules ? applyNative(lab, rules.native) : applyTables(lab, 'nft', rules.v4 ?? '', rules.v6 ?? '')
    await lab.look()
    const packets: Packet[] = flows.map(([text, ends]) => {
      assert.match(tell(lab, tables, text), ends, `${fact}: ${text}`)
      return packetOf(lab, text)
    })
    assert.deepEqual(await lab.compare(new Netfilter(tables), packets), { mismatches: [], unknown: [] }, fact)
    for (const [program, ...words] of unset) lab.run(program!, words)
  }
})

function packetOf(lab: ExplainLab, text: string): Packet {
  const parsed = parsePacket(text, lab.world)
  assert.ok(parsed.ok, text)
  return parsed.packet
}

function tell(lab: ExplainLab, tables: readonly Table[], text: string): string {
  return outcomeText(walkPacket(new Netfilter(tables), lab.world, packetOf(lab, text)).outcome)
}

/** Sends one packet, whatever the model says of it; where it came to, and with what SO_ORIGINAL_DST. */
async function originalOf(lab: ExplainLab, text: string): Promise<string> {
  const seen = await lab.send(packetOf(lab, text))
  return seen === undefined ? 'nothing' : `${seen.place}:${seen.port} original ${seen.original || 'none'} from ${seen.remoteAddress}`
}

test('6: SO_ORIGINAL_DST is there once conntrack is, and the destination from before NAT', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  assert.equal(await originalOf(lab, 'tcp in eth0 10.0.0.3 -> :80'), 'pod:80 original none from 10.0.0.3')
  applyTables(lab, 'nft', '*filter\n-A INPUT -m conntrack --ctstate NEW\n-A OUTPUT -m conntrack --ctstate NEW\nCOMMIT\n', '')
  assert.equal(await originalOf(lab, 'tcp in eth0 10.0.0.3 -> :80'), 'pod:80 original 10.0.0.2:80 from 10.0.0.3')
  applyTables(lab, 'nft', nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001', '-A PREROUTING -p tcp -j REDIRECT --to-ports 15006'), nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'))
  assert.equal(await originalOf(lab, 'tcp in eth0 10.0.0.3 -> :80'), 'pod:15006 original 10.0.0.2:80 from 10.0.0.3')
  assert.equal(await originalOf(lab, 'tcp app -> 10.0.0.3:443'), 'pod:15001 original 10.0.0.3:443 from 10.0.0.2')
  assert.equal(await originalOf(lab, 'tcp app -> [fd00::3]:443'), 'pod:15001 original [fd00::3]:443 from fd00::2')
})

test('7: a supplementary group is no owner', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  const { tables } = applyTables(lab, 'nft', nat('-A OUTPUT -p tcp -m owner --gid-owner 1337 -j RETURN', '-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'), '')
  assert.match(tell(lab, tables, 'tcp app uid 1000 gid 1000 -> 10.0.0.3:80'), /^arrives at 127\.0\.0\.1:15001/)
  assert.match(tell(lab, tables, 'tcp app uid 1000 gid 1337 -> 10.0.0.3:80'), /^leaves/)
  for (const [port, words, place] of [[30_001, ['--regid', '1000', '--groups', '1337'], 'pod:15001'], [30_002, ['--regid', '1337', '--clear-groups'], 'outside:80']] as const) {
    lab.run('setpriv', ['--reuid', '1000', ...words, 'socat', '-u', 'OPEN:/dev/null', `TCP:10.0.0.3:80,bind=:${port}`])
    await lab.until(() => lab.seenOf({ protocol: 6, sourcePort: port }) !== undefined)
    const seen = lab.seenOf({ protocol: 6, sourcePort: port })
    assert.equal(`${seen?.place}:${seen?.port}`, place)
  }
})

test('8: a packet without a socket is everybody else\'s in xtables, and nobody\'s in nft', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  // The reset of a port where nobody listens is the kernel's own.
  const reset = 'tcp no socket 10.0.0.2:7 -> 10.0.0.3:30003'
  const refused = async (timeoutSeconds: number): Promise<boolean> => {
    const child = spawn('ip', ['netns', 'exec', lab.outside, 'socat', '-u', 'OPEN:/dev/null', `TCP:10.0.0.2:7,connect-timeout=${timeoutSeconds}`], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (text) => { said += text })
    await once(child, 'close')
    return /refused/i.test(said)
  }
  const xtables = applyTables(lab, 'nft', '*filter\n-A OUTPUT -p tcp -m owner ! --uid-owner 5 -j DROP\nCOMMIT\n', '')
  assert.deepEqual([tell(lab, xtables.tables, reset).split(' (')[0], await refused(1)], ['is dropped: a rule drops it', false])
  const positive = applyTables(lab, 'nft', '*filter\n-A OUTPUT -p tcp -m owner --uid-owner 0-4294967294 -j DROP\nCOMMIT\n', '')
  assert.deepEqual([tell(lab, positive.tables, reset), await refused(60)], ['leaves in the clear by eth0, to 10.0.0.3:30003', true])
  applyTables(lab, 'nft', '', '')
  const native = applyNative(lab, base('filter', 'output', 0, 'meta l4proto tcp meta skuid != 5 drop'))
  assert.deepEqual([tell(lab, native.tables, reset), await refused(60)], ['leaves in the clear by eth0, to 10.0.0.3:30003', true])
})

test('the answers of a connection are replies', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  const connects = async (timeoutSeconds: number): Promise<boolean> => {
    const child = spawn('ip', ['netns', 'exec', lab.outside, 'socat', '-u', 'OPEN:/dev/null', `TCP:10.0.0.2:80,connect-timeout=${timeoutSeconds}`], { stdio: 'ignore' })
    return (await once(child, 'close'))[0] === 0
  }
  const answer = 'tcp app reply 10.0.0.2:80 -> 10.0.0.3:30003'
  for (const [direction, ends, isAnswered] of [['original', /^leaves/, true], ['reply', /^is dropped/, false]] as const) {
    const xtables = applyTables(lab, 'nft', `*filter\n-A OUTPUT -p tcp --sport 80 -m conntrack --ctdir ${direction.toUpperCase()} -j DROP\nCOMMIT\n`, '')
    assert.match(tell(lab, xtables.tables, answer), ends)
    assert.equal(await connects(isAnswered ? 60 : 1), isAnswered)
    applyTables(lab, 'nft', '', '')
    const native = applyNative(lab, base('filter', 'output', 0, `tcp sport 80 ct direction ${direction} drop`))
    assert.match(tell(lab, native.tables, answer), ends)
    assert.equal(await connects(isAnswered ? 60 : 1), isAnswered)
    applyNative(lab, '')
  }
})

test('10: nft shows rules of iptables-nft without what they ask for, and those of iptables-legacy not at all; both are live', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  const { tables } = applyTables(lab, 'nft', nat('-A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN', '-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'), '')
  const opaque = parseNftJson(lab.run('nft', ['-j', 'list', 'ruleset']))
  assert.ok(opaque.ok)
  assert.match(tell(lab, opaque.tables, 'tcp app uid 1337 -> 10.0.0.3:80'), /^unknown: it is not modelled whether xt .*owner.* holds/)
  lab.run('iptables-legacy', ['-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '-j', 'REDIRECT', '--to-ports', '15006'])
  assert.doesNotMatch(lab.run('nft', ['list', 'ruleset']), /15006/)
  assert.doesNotMatch(lab.run('iptables-nft-save', []), /15006/)
  const legacy = applyTables(lab, 'legacy', nat('-A PREROUTING -p tcp -j REDIRECT --to-ports 15006'), '')
  const both = new Netfilter([...tables, ...legacy.tables])
  const packets = ['tcp app uid 1000 -> 10.0.0.3:80', 'tcp app uid 1337 -> 10.0.0.3:80', 'tcp in eth0 10.0.0.3 -> :80'].map((text) => packetOf(lab, text))
  assert.deepEqual(await lab.compare(both, packets), { mismatches: [], unknown: [] })
})

test('11: a flow that is older than conntrack is reset once it is redirected, one that counts as invalid goes on in the clear', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  for (const [loose, state, heardAfter] of [['1', 'new', false], ['0', 'invalid', true]] as const) {
    applyTables(lab, 'nft', '', '')
    lab.run('nft', ['flush', 'ruleset'])
    lab.run('sysctl', ['-qw', `net.netfilter.nf_conntrack_tcp_loose=${loose}`])
    const server = spawn('ip', ['netns', 'exec', lab.outside, 'socat', '-u', 'TCP-LISTEN:7000,reuseaddr', 'STDOUT'], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.after(() => endChild(server))
    let heard = ''
    server.stdout.on('data', (text) => { heard += text })
    const client = spawn('ip', ['netns', 'exec', lab.pod, 'socat', '-u', 'STDIN', 'TCP:10.0.0.3:7000,retry=600,interval=0.05'], { stdio: ['pipe', 'ignore', 'ignore'] })
    t.after(() => endChild(client))
    client.stdin.on('error', () => {})
    // The first word after a reset is lost without a sound; it is the next one that ends the client.
    const say = async (word: string): Promise<void> => {
      for (let n = 0; n < 1200 && !heard.includes(word) && client.exitCode === null; n++) {
        client.stdin.write(`${word}\n`)
        await sleep(25)
      }
    }
    await say('before')
    const { tables } = applyTables(lab, 'nft', nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'), '')
    assert.match(tell(lab, tables, `tcp app state ${state} -> 10.0.0.3:7000`), heardAfter ? /^leaves/ : /^arrives at 127\.0\.0\.1:15001/)
    await say('after')
    assert.deepEqual([heard.includes('before'), heard.includes('after')], [true, heardAfter])
    await endChild(client)
    await endChild(server)
  }
})

test('14: a packet that is written to the device passes whatever OUTPUT drops; no rule can be asked about it', async (t) => {
  const lab = await openPod(t, permitted, undefined)
  if (lab === undefined) return
  const { tables } = applyTables(lab, 'nft', '*filter\n:OUTPUT DROP [0:0]\nCOMMIT\n', '')
  assert.match(tell(lab, tables, 'udp app -> 10.0.0.3:80'), /^is dropped: the policy/)
  const hex = '020000000103' + '020000000102' + '0800' + '4500001d000040004011' + '26cc' + '0a0000020a000003' + '7533' + '0050' + '0009' + '0000' + '78'
  lab.run('socat', ['-u', 'STDIN', 'INTERFACE:eth0'], Buffer.from(hex, 'hex'))
  await lab.until(() => lab.seenOf({ protocol: 17, sourcePort: 30_003 }) !== undefined)
  assert.equal(lab.seenOf({ protocol: 17, sourcePort: 30_003 })?.place, 'outside')
})
