import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../net/address.ts'
import { contrast, istioRedirect, linkerd, tablesOf } from '../netfilter/listings.fixture.ts'
import { Netfilter } from '../netfilter/netfilter.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import { parsePacket } from '../netfilter/packet-text.ts'
import { walkPacket } from '../netfilter/packet-walk.ts'
import type { IpVersion, Table } from '../netfilter/ruleset.ts'
import { planWorld } from '../netfilter/world.ts'
import type { Socket, World } from '../netfilter/world.ts'
import { findHoles } from './find-holes.ts'
import type { HoleReport } from './hole.ts'
import { recogniseMesh } from './mesh-profile.ts'
import type { Live, LiveProcess } from './subject.ts'

const POD = planWorld([parseAddress('10.0.0.2')!, parseAddress('fd00::2')!])

function look(tables: readonly Table[], { world = POD, versions = [4, 6], live }: { world?: World, versions?: readonly IpVersion[], live?: Live } = {}): HoleReport {
  const netfilter = new Netfilter(tables)
  const report = findHoles({ netfilter, world, mesh: recogniseMesh(tables), versions, live })
  for (const hole of report.holes) {
    if (hole.packet === undefined) continue
    const parsed = parsePacket(hole.packet, world)
    assert.ok(parsed.ok, hole.packet)
    if (hole.kind !== 'exempt-interface') assert.equal(outcomeText(walkPacket(netfilter, world, parsed.packet).outcome), hole.ends)
  }
  return report
}

const kinds = (report: HoleReport): string[] => report.holes.map((hole) => hole.kind)

const both = (options = {}): Table[] => [...tablesOf(istioRedirect(options)), ...tablesOf(istioRedirect({ ...options, version: 6 }), 6)]
/** What is left of Istio's own rules is UDP, which none of them touches. */
const NO_UDP = tablesOf('*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p udp -m owner ! --uid-owner 1337 -j REJECT\n-A INPUT ! -i lo -p udp -j DROP\nCOMMIT')
const NO_UDP6 = tablesOf('*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p udp -m owner ! --uid-owner 1337 -j REJECT\n-A INPUT ! -i lo -p udp -j DROP\nCOMMIT', 6)

test('tight rules have no holes', () => {
  const report = look([...both(), ...NO_UDP, ...NO_UDP6])
  assert.deepEqual(kinds(report), [])
  assert.match(report.unchecked.join('\n'), /processes, listeners and capabilities/)
})

test('UDP is what is open in rules as Istio writes them', () => {
  const { holes } = look(both())
  assert.deepEqual(holes.map(({ kind, severity }) => [kind, severity]), [['udp-outbound-open', 'medium'], ['udp-inbound-open', 'low']])
  assert.match(holes[0]!.packet!, /^udp app uid 1000 -> 203\.0\.113\.7:443$/)
})

test('IPv6 without rules is a hole, and no answer where its rules were not given', () => {
  assert.ok(kinds(look(tablesOf(istioRedirect()))).includes('ipv6-outbound-open'))
  assert.ok(kinds(look(tablesOf(istioRedirect()))).includes('ipv6-inbound-open'))
  const given = look(tablesOf(istioRedirect()), { versions: [4] })
  assert.deepEqual(kinds(given), ['udp-outbound-open', 'udp-inbound-open'])
  assert.ok(given.unchecked.includes('IPv6: its rules were not given'))
})

const edited = (from: string, to: string): Table[] => [...tablesOf(istioRedirect().replace(from, to)), ...tablesOf(istioRedirect({ version: 6 }), 6), ...NO_UDP, ...NO_UDP6]

test('each exemption is found with a packet that goes through it', () => {
  const catchAll = '-A ISTIO_OUTPUT -j ISTIO_REDIRECT'
  const cases: [extra: string, kind: string, packet: RegExp][] = [
    ['-A ISTIO_OUTPUT -m owner --uid-owner 0 -j RETURN', 'exempt-identity', /uid 0 gid 1000 ->/],
    ['-A ISTIO_OUTPUT -m owner --uid-owner 2000-2999 -j RETURN', 'exempt-identity', /uid 2000/],
    ['-A ISTIO_OUTPUT -m owner --uid-owner 500-1999 -j RETURN', 'exempt-identity', /uid 500/],
    ['-A ISTIO_OUTPUT -p tcp --dport 4000:5000 -j RETURN', 'exempt-outbound-port', /:4000$/],
    ['-A ISTIO_OUTPUT -d 203.0.113.0/24 -j RETURN', 'exempt-outbound-address', /-> 203\.0\.113\.1:/],
    ['-A ISTIO_OUTPUT -m owner --gid-owner 77 -j RETURN', 'exempt-identity', /gid 77/],
    ['-A ISTIO_OUTPUT -m mark --mark 0x40/0xf0 -j RETURN', 'exempt-mark', /mark 0x40/],
    ['-A ISTIO_OUTPUT -p tcp --dport 3306 -j RETURN', 'exempt-outbound-port', /:3306$/],
    ['-A ISTIO_OUTPUT -d 192.168.0.0/16 -j RETURN', 'exempt-outbound-address', /-> 192\.168\./],
    ['-A ISTIO_OUTPUT -o eth1 -j RETURN', 'exempt-interface', /->/],
  ]
  for (const [extra, kind, packet] of cases) {
    const { holes } = look(edited(catchAll, `${extra}\n${catchAll}`))
    assert.equal(holes[0]?.kind, kind, extra)
    assert.match(holes[0].packet!, packet)
    assert.equal(holes[0].rule === undefined || holes[0].line !== undefined, true)
  }
})

test('inbound exemptions: those of the mesh are a note, others a hole', () => {
  const report = look([...both({ excludeInbound: [15090, 8080] }), ...NO_UDP, ...NO_UDP6])
  assert.deepEqual(report.holes.map(({ kind, what }) => [kind, what]), [['exempt-inbound-port', 'inbound connections to port 8080 are not intercepted']])
  assert.ok(report.notes.some((note) => note.includes('15008, 15090')))
  const source = '-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN'
  assert.deepEqual(kinds(look(edited(source, `-A ISTIO_INBOUND -s 10.9.0.0/16 -j RETURN\n${source}`))), ['exempt-inbound-source'])
})

test('lists, nothing at all, Contrast and Linkerd', () => {
  const listed = look(edited('-A ISTIO_OUTPUT -j ISTIO_REDIRECT', '-A ISTIO_OUTPUT -d 10.0.0.0/8 -j ISTIO_REDIRECT'))
  assert.match(listed.holes[0]!.what, /only where they go to what is listed, such as 10\.0\.0\.1/)
  assert.deepEqual(kinds(look([])).slice(0, 2), ['outbound-open', 'inbound-open'])
  assert.deepEqual(kinds(look(tablesOf(contrast()), { versions: [4] })), ['outbound-open', 'exempt-inbound-port', 'udp-outbound-open', 'udp-inbound-open'])
  assert.deepEqual(kinds(look(tablesOf(linkerd()), { versions: [4] })).filter((kind) => !kind.startsWith('udp')), ['exempt-outbound-port'])
})

const process = (pid: number, uid: number, program: string, options: Partial<LiveProcess> = {}): LiveProcess => ({ pid, program, uid, gid: uid, capabilities: [], isProxy: false, ...options })
const listen = (text: string, port: number, { pid, uid, program }: LiveProcess, protocol: 'tcp' | 'udp' = 'tcp'): Socket => ({ protocol, address: parseAddress(text)!, port, uid, pid, program, transparent: false })

test('what is really there: apps under the proxy\'s uid, open listeners, impostors, capabilities, older flows', () => {
  const envoy = process(1, 1337, 'envoy', { isProxy: true })
  const web = process(2, 1000, 'web')
  const tables = [...both(), ...NO_UDP, ...NO_UDP6]
  const listeners = [listen('0.0.0.0', 15006, envoy), listen('127.0.0.1', 15001, envoy), listen('::', 15006, envoy), listen('::1', 15001, envoy), listen('0.0.0.0', 8080, web)]
  const live = (processes: LiveProcess[], more: Partial<Live> = {}): Live => ({ processes: [envoy, ...processes], connections: [], isHost: false, ...more })
  const world = (extra: readonly Socket[] = []): World => ({ ...POD, listeners: [...listeners, ...extra] })
  assert.deepEqual(kinds(look(tables, { world: world(), live: live([web]) })), [])
  const thief = process(9, 1337, 'batch')
  assert.deepEqual(kinds(look(tables, { world: world(), live: live([web, thief]) })), ['app-under-exempt-identity'])
  assert.deepEqual(kinds(look(tables, { world: world([listen('0.0.0.0', 15020, web)]), live: live([web]) })), ['exempt-inbound-port'])
  assert.deepEqual(kinds(look(tables, { world: { ...POD, listeners: [listen('127.0.0.1', 15001, web)] }, live: live([web]) })), ['impostor'])
  assert.deepEqual(kinds(look(tables, { world: world(), live: live([process(3, 7, 'sh', { capabilities: ['NET_RAW'] })], { isHost: true }) })), ['host-network', 'privileged-app'])
  assert.deepEqual(kinds(look(tables, { world: world(), live: live([{ ...web, pod: 'a' }, process(4, 7, 'sh', { pod: 'b' })]) })), ['shared-namespace'])
  const old = { localIp: '10.0.0.2', localPort: 41_000, remoteIp: '10.0.0.3', remotePort: 5432, uid: 1000 }
  assert.deepEqual(kinds(look(tables, { world: world(), live: live([web], { connections: [old] }) })), ['older-flow'])
  const taken = { localIp: '127.0.0.1', localPort: 15_001, remoteIp: '10.0.0.2', remotePort: 41_000, uid: 1337 }
  assert.deepEqual(kinds(look(tables, { world: world(), live: live([web], { connections: [old, taken] }) })), [])
})

test('inbound without rules is critical where an app is reached, which is its packet; where none listens it is less', () => {
  const sidecar = process(1, 0, 'mtlscope', { isProxy: true })
  const web = process(2, 1000, 'web')
  const inbound = (listeners: readonly Socket[]): (string | undefined)[][] => look([], { world: { ...POD, listeners }, live: { processes: [sidecar, web], connections: [], isHost: false } })
    .holes.filter(({ kind }) => kind === 'inbound-open').map(({ severity, what, packet }) => [severity, what, packet])
  assert.deepEqual(inbound([listen('10.0.0.2', 8080, sidecar), listen('127.0.0.1', 8080, web)]), [['medium', 'inbound connections are not intercepted; no app listens now where they arrive', 'tcp in eth0 203.0.113.7:40000 -> 10.0.0.2:4242']])
  assert.deepEqual(inbound([listen('10.0.0.2', 8080, sidecar), listen('0.0.0.0', 9090, web)]), [['critical', 'inbound connections reach the apps without the proxy: web on port 9090', 'tcp in eth0 203.0.113.7:40000 -> 10.0.0.2:9090']])
})

test('one process has, several have', () => {
  const free = (...pids: number[]): string[] => look([], { world: { ...POD, listeners: [] }, live: { processes: pids.map((pid) => process(pid, 1, 'web', { capabilities: ['NET_ADMIN'] })), connections: [], isHost: false } }).holes.filter(({ kind }) => kind === 'privileged-app').map(({ what }) => what)
  assert.deepEqual(free(7), ['web (pid 7) has CAP_NET_ADMIN: it may take the rules away, or mark packets'])
  assert.deepEqual(free(7, 8), ['web (pid 7), web (pid 8) have CAP_NET_ADMIN: they may take the rules away, or mark packets'])
})

test('rules that were applied twice, and ip rules that nobody needs', () => {
  const twice = edited('-A OUTPUT -j ISTIO_OUTPUT', '-A OUTPUT -j ISTIO_OUTPUT\n-A OUTPUT -j ISTIO_OUTPUT')
  assert.deepEqual(kinds(look(twice)), ['duplicate-jump'])
  const policy = { version: 4, priority: 5, table: '133', mark: 1337, mask: 0xffff_ffff, other: undefined } as const
  const world = { ...POD, policies: [policy, policy, ...POD.policies] }
  assert.deepEqual(kinds(look([...both(), ...NO_UDP, ...NO_UDP6], { world })), ['leftover-rule', 'leftover-rule'])
})
