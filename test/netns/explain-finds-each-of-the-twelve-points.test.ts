import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hole, HoleKind, Severity } from '../../src/intercept/explain/hole.ts'
import { run } from '../../src/sys/exec.ts'
import { ensureNetns } from './enter.ts'
import { applyTables } from './explain-fuzz.ts'
import type { ExplainLab } from './explain-lab.ts'
import { APP, disprove, ENVOY, lookAt, openPod, tight } from './explain-pod.ts'
import { endChild } from './peers.ts'

const permitted = ensureNetns()
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** What is wrong with the pod, and what has to be said of it: nothing more and nothing less. */
interface Case { readonly what: string, readonly v4?: (text: string) => string, readonly v6?: (text: string) => string, readonly holes: readonly (readonly [kind: HoleKind, severity: Severity, what: RegExp, fix: RegExp])[] }

const before = (line: string, extra: string) => (text: string): string => text.replace(line, `${extra}\n${line}`)
const lastOut = '-A ISTIO_OUTPUT -j ISTIO_REDIRECT'
const firstIn = '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT'

const CASES: readonly Case[] = [
  { what: 'tight rules', holes: [] },
  { what: '1: root is exempted', v4: before(lastOut, '-A ISTIO_OUTPUT -m owner --uid-owner 0 -j RETURN'), holes: [['exempt-identity', 'critical', /^uid 0 is not intercepted, and whoever is root is it/, /exemption of uid 0/]] },
  { what: '1: a group is exempted', v4: before(lastOut, '-A ISTIO_OUTPUT -m owner --gid-owner 77 -j RETURN'), holes: [['exempt-identity', 'high', /^gid 77/, /exemption of gid 77/]] },
  { what: '1: a mark is exempted', v4: before(lastOut, '-A ISTIO_OUTPUT -m mark --mark 0x40/0xf0 -j RETURN'), holes: [['exempt-mark', 'low', /mark 0x40 .*CAP_NET_RAW/, /capabilities from the apps/]] },
  { what: '2: an inbound port on which an app listens', v4: before(firstIn, '-A ISTIO_INBOUND -p tcp -m tcp --dport 8080 -j RETURN'), holes: [['exempt-inbound-port', 'high', /\(uid 1000\) listens on port 8080/, /bind it to 127\.0\.0\.1/]] },
  { what: '2: an inbound port on which nobody listens', v4: before(firstIn, '-A ISTIO_INBOUND -p tcp -m tcp --dport 15021 -j RETURN'), holes: [] },
  { what: '2: a source', v4: before(firstIn, '-A ISTIO_INBOUND -s 203.0.113.0/24 -p tcp -j RETURN'), holes: [['exempt-inbound-source', 'medium', /203\.0\.113\.1/, /drop that source/]] },
  { what: '2: an outbound port', v4: before(lastOut, '-A ISTIO_OUTPUT -p tcp -m tcp --dport 3306 -j RETURN'), holes: [['exempt-outbound-port', 'medium', /port 3306 of anybody/, /outbound ports/]] },
  { what: '2: a network', v4: before(lastOut, '-A ISTIO_OUTPUT -d 192.168.0.0/16 -j RETURN'), holes: [['exempt-outbound-address', 'medium', /192\.168\.0\.1/, /outbound networks/]] },
  { what: '2: an interface', v4: before(lastOut, '-A ISTIO_OUTPUT -o eth1 -j RETURN'), holes: [['exempt-interface', 'medium', /leaves by eth1/, /exclusion of eth1/]] },
  { what: '3: the jump is there twice', v4: before('-A OUTPUT -j ISTIO_OUTPUT', '-A OUTPUT -j ISTIO_OUTPUT'), holes: [['duplicate-jump', 'low', /jumps to ISTIO_OUTPUT more than once/, /remove one/]] },
  { what: '3: a rule of another comes first', v4: before('-A OUTPUT -j ISTIO_OUTPUT', '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT'), holes: [['exempt-outbound-port', 'medium', /port 443/, /outbound ports/]] },
  { what: '3: the jump asks for an interface', v4: (text) => text.replace('-A PREROUTING -p tcp', '-A PREROUTING -i eth1 -p tcp'), holes: [['inbound-open', 'critical', /reach the apps/, /mtlscope init/]] },
  { what: '3: the jump is missing', v4: (text) => text.replace('-A OUTPUT -j ISTIO_OUTPUT\n', ''), holes: [['outbound-open', 'critical', /leave in the clear/, /mtlscope init/]] },
  { what: '4: nothing is said of IPv6', v6: () => '', holes: [['ipv6-outbound-open', 'high', /IPv6/, /ip6tables/], ['ipv6-inbound-open', 'high', /IPv6/, /ip6tables/], ['udp-outbound-open', 'medium', /443/, /reject UDP/], ...[4242, 443, 53, 80, 3306, 8080, 9090, 15008].map(() => ['udp-inbound-open', 'medium', /takes UDP on port/, /drop inbound UDP/] as const)] },
  { what: '5: UDP', v4: (text) => text.replace('-A OUTPUT -p udp', '-A OUTPUT -p udp -m udp ! --dport 443'), holes: [['udp-outbound-open', 'medium', /HTTP\/3 on port 443/, /reject UDP/]] },
  { what: '6: a list of networks', v4: (text) => text.replace(lastOut, '-A ISTIO_OUTPUT -d 192.168.0.0/16 -j ISTIO_REDIRECT'), holes: [['outbound-open', 'critical', /only where they go to what is listed, such as 192\.168\.0\.1/, /everybody but the proxy/]] },
  { what: '6: a list of ports', v4: (text) => text.replace(firstIn, '-A ISTIO_INBOUND -p tcp -m tcp --dport 8080 -j ISTIO_IN_REDIRECT'), holes: [['inbound-open', 'critical', /without the proxy/, /redirect inbound TCP/]] },
]

/** One more way out, to 10.1.0.0/24. */
function addInterface(lab: ExplainLab): void {
  lab.run('ip', ['link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', lab.outside])
  for (const [name, host] of [[lab.pod, 2], [lab.outside, 3]] as const) {
    for (const words of [['link', 'set', 'eth1', 'addrgenmode', 'none', 'up'], ['addr', 'add', `10.1.0.${host}/24`, 'dev', 'eth1'], ...host === 3 ? [['route', 'add', 'local', '10.1.0.9/32', 'dev', 'lo']] : []]) lab.run('ip', ['-n', name, ...words])
  }
}

const shown = (holes: readonly Hole[]): string => holes.map(({ kind, severity, what }) => `${severity} ${kind}: ${what}`).join('\n')

test('points 1 to 6: each is found with a packet that goes through it, and nothing else is', async (t) => {
  const lab = await openPod(t, permitted, [ENVOY, APP])
  if (lab === undefined) return
  addInterface(lab)
  for (const { what, v4 = (text: string) => text, v6 = (text: string) => text, holes: expected } of CASES) {
    const [four, six] = [v4(tight(4)), v6(tight(6))]
    assert.ok(what.startsWith('tight') || four !== tight(4) || six !== tight(6), what)
    applyTables(lab, 'nft', four, six)
    const { subject, report: { holes, unknown }, warnings } = await lookAt(lab)
    assert.deepEqual([warnings, unknown], [[], []], what)
    assert.equal(holes.length, expected.length, `${what}:\n${shown(holes)}`)
    expected.forEach(([kind, severity, text, fix], i) => {
      const hole = holes[i]!
      assert.deepEqual([hole.kind, hole.severity], [kind, severity], what)
      assert.match(hole.what, text, what)
      assert.match(hole.fix, fix, what)
      assert.equal(hole.packet === undefined, kind === 'duplicate-jump', what)
    })
    assert.deepEqual(await disprove(lab, subject, holes), [], what)
  }
})

async function explain(lab: ExplainLab, ...words: string[]): Promise<{ code: number | undefined, stdout: string }> {
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, 'explain', '--netns', lab.pod, ...words], { timeoutMs: 60_000 })
  assert.equal(stderr, '')
  return { code, stdout }
}

/** A process of the pod that only sleeps. */
async function sleeping(t: TestContext, lab: ExplainLab, ...setpriv: string[]): Promise<() => Promise<void>> {
  const child = spawn('ip', ['netns', 'exec', lab.pod, 'setpriv', '--clear-groups', ...setpriv, 'sleep', '600'], { stdio: 'ignore' })
  t.after(() => endChild(child))
  for (let n = 0; n < 3000 && !lab.run('ps', ['-o', 'comm=', '-p', `${child.pid}`]).startsWith('sleep'); n++) await sleep(10)
  return () => endChild(child)
}

test('points 1 and 10: processes by what they are and may do; the exit code tells', async (t) => {
  const lab = await openPod(t, permitted, [ENVOY, APP])
  if (lab === undefined) return
  applyTables(lab, 'nft', tight(4), tight(6))
  assert.deepEqual(await explain(lab, '--holes').then(({ code, stdout }) => [code, /^no holes found$/m.test(stdout)]), [0, true])
  const end = await sleeping(t, lab, '--reuid', '1337', '--regid', '1337')
  const thief = await lookAt(lab)
  assert.match(shown(thief.report.holes), /^critical app-under-exempt-identity: sleep \(pid \d+\) runs under uid 1337 gid 1337, which is not intercepted$/)
  assert.deepEqual(await disprove(lab, thief.subject, thief.report.holes), [])
  assert.deepEqual(await explain(lab, '--holes', '-o', 'json').then(({ code, stdout }) => [code, (JSON.parse(stdout) as { holes: Hole[] }).holes.length]), [1, 1])
  await end()
  for (const [capability, severity, text] of [['net_admin', 'high', /CAP_NET_ADMIN/], ['net_raw', 'medium', /CAP_NET_RAW/], ['setuid', 'medium', /CAP_SETUID/]] as const) {
    const stop = await sleeping(t, lab, '--reuid', '1000', '--regid', '1000', '--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`)
    const holes: readonly Hole[] = (await lookAt(lab)).report.holes
    assert.deepEqual(holes.map((hole) => [hole.kind, hole.severity]), [['privileged-app', severity]])
    assert.match(holes[0]!.what, text)
    await stop()
  }
})

test('point 7: an impostor on the proxy\'s port is found whatever it is called; where nobody is nothing goes past', async (t) => {
  const lab = await openPod(t, permitted, [{ ...ENVOY, ports: [15006], transparent: [15006] }, { ...APP, exe: 'envoy', ports: [15001] }])
  if (lab === undefined) return
  applyTables(lab, 'nft', tight(4), tight(6))
  const { subject, report } = await lookAt(lab)
  assert.match(shown(report.holes.filter(({ kind }) => kind === 'impostor')), /^critical impostor: .*\(uid 1000\) listens on port 15001, which the rules redirect to and which belongs to the proxy$/)
  assert.deepEqual(await disprove(lab, subject, report.holes), [])
  await lab.stop(15001)
  const alone = (await lookAt(lab)).report
  assert.deepEqual(alone.holes, [])
  assert.match(alone.notes.join('\n'), /nobody listens on port 15001, which traffic is redirected to: it is refused, nothing goes past/)
})

test('point 8: a connection that is older than the rules goes on past the proxy, and is told', async (t) => {
  const lab = await openPod(t, permitted, [ENVOY, APP])
  if (lab === undefined) return
  // Conntrack has to know the connection already: else its next packet counts as new, is redirected, and nobody knows it there.
  lab.run('iptables-nft', ['-A', 'OUTPUT', '-m', 'conntrack', '--ctstate', 'NEW'])
  const server = spawn('ip', ['netns', 'exec', lab.outside, 'socat', 'TCP-LISTEN:7000,reuseaddr', 'STDOUT'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => endChild(server))
  let heard = ''
  server.stdout.on('data', (text) => { heard += text })
  const until = async (done: () => boolean): Promise<void> => { for (let n = 0; n < 6000 && !done(); n++) await sleep(10) }
  const client = spawn('ip', ['netns', 'exec', lab.pod, 'setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups', 'socat', 'STDIN', 'TCP:10.0.0.3:7000,retry=1200,interval=0.05'], { stdio: ['pipe', 'ignore', 'inherit'] })
  t.after(() => endChild(client))
  client.stdin.write('before\n')
  await until(() => heard.includes('before'))
  applyTables(lab, 'nft', tight(4), tight(6))
  const { report } = await lookAt(lab)
  assert.match(shown(report.holes), /^high older-flow: the connection 10\.0\.0\.2:\d+ to 10\.0\.0\.3:7000 of uid 1000 goes past the proxy/)
  assert.match(report.holes[0]!.fix, /ss -K/)
  client.stdin.write('after\n')
  await until(() => heard.includes('after'))
  assert.match(heard, /after/)
})

test('points 9, 11 and 12: what only localhost reaches, what is left of other rules, and that interception is not mTLS', async (t) => {
  const lab = await openPod(t, permitted, [ENVOY, APP, { uid: 1000, ports: [9999], transparent: [], address: '127.0.0.1', udp: false }])
  if (lab === undefined) return
  applyTables(lab, 'nft', tight(4), tight(6))
  const { report } = await lookAt(lab)
  assert.deepEqual(report.holes, [])
  assert.match(report.notes.join('\n'), /listens on 127\.0\.0\.1:9999 only: a proxy that dials the address of the pod does not reach it/)
  assert.match(report.notes.join('\n'), /interception is not mTLS/)
  const kinds = async (): Promise<string[]> => (await lookAt(lab)).report.holes.map(({ kind, severity }) => `${severity} ${kind}`)
  lab.run('iptables-legacy', ['-A', 'INPUT', '-p', 'tcp', '--dport', '1', '-j', 'DROP'])
  assert.deepEqual(await kinds(), ['medium mixed-backends'])
  lab.run('iptables-legacy', ['-F', 'INPUT'])
  lab.run('ip', ['rule', 'add', 'fwmark', '1337', 'lookup', '133'])
  lab.run('ip', ['rule', 'add', 'fwmark', '1337', 'lookup', '133'])
  assert.deepEqual(await kinds(), ['low leftover-rule', 'low leftover-rule'])
  for (let n = 0; n < 2; n++) lab.run('ip', ['rule', 'del', 'fwmark', '1337', 'lookup', '133'])
  lab.run('nft', ['add table inet istio-proxy-nat; add chain inet istio-proxy-nat output { type nat hook output priority -100; }; add rule inet istio-proxy-nat output tcp dport 9 counter'])
  assert.deepEqual(await kinds(), ['medium mixed-backends'])
})

test('a pod without any rule is open both ways, and is told so', async (t) => {
  const lab = await openPod(t, permitted, [APP])
  if (lab === undefined) return
  const { subject, report } = await lookAt(lab)
  assert.deepEqual(report.holes.map(({ kind }) => kind).filter((kind) => !kind.startsWith('udp-')), ['outbound-open', 'inbound-open'])
  assert.deepEqual(await disprove(lab, subject, report.holes), [])
})
