import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { RelayMetrics } from '../../src/proxy/relay/relay.ts'
import type { InboundPlan, OutboundPlan, SidecarPlan } from '../../src/proxy/sidecar-plan.ts'
import { PLAN, TestPki, spiffeId, until, writeMaterial } from '../peers/relay-pair.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { startWireDump } from './wire-dump.ts'

const permitted = ensureNetns()
const PROGRAM = fileURLToPath(new URL('../../bench/sidecar/relay-process.ts', import.meta.url))
/** The user that the apps run as: its connections are captured, the sidecar's are not. */
const APP_USER = 65534
let pki: TestPki
before(async () => { pki = await TestPki.create() })

const INBOUND: InboundPlan = {
  mode: 'redirect', listen: [{ host: '0.0.0.0', port: 15006 }, { host: '::', port: 15006 }], to: undefined, default: 'mtls', ports: {},
  allow: { default: [spiffeId('web')], ports: {} }, source: 'sidecar', tunnel: 'auto',
}
const OUTBOUND: OutboundPlan = {
  mode: 'redirect', listen: [{ host: '127.0.0.1', port: 15001 }, { host: '::1', port: 15001 }], default: 'mesh', passthrough: [],
  expect: [{ to: { network: '10.99.0.2', fromPort: 1, toPort: 65535 }, identities: [spiffeId('cart')] }], map: [], tunnel: 'auto',
}

interface Sidecar { readonly child: ChildProcess, metrics(): Promise<RelayMetrics> }

function startIn(t: TestContext, namespace: TestNamespace, program: string, ...args: string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', namespace.name, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => void child.kill('SIGKILL'))
  return child
}

async function startSidecar(t: TestContext, namespace: TestNamespace, name: string, plan: Pick<SidecarPlan, 'inbound' | 'outbound'>): Promise<Sidecar> {
  const { folder, key, chain, bundle } = writeMaterial(t, await pki.material(name))
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify({ ...PLAN, ...plan, identity: { kind: 'files', key, chain, bundle } }))
  const child = startIn(t, namespace, process.execPath, PROGRAM, file)
  let said = ''
  child.stderr!.on('data', (bytes: Buffer) => { said += bytes.toString() })
  await Promise.race([once(child.stdout!, 'data'), once(child, 'exit').then(() => { throw new Error(said) })])
  const metrics = async (): Promise<RelayMetrics> => {
    said = ''
    child.kill('SIGUSR2')
    await until(() => said.endsWith('}\n'), () => 'metrics')
    return JSON.parse(said) as RelayMetrics
  }
  return { child, metrics }
}

interface World { readonly web: TestNamespace, readonly cart: TestNamespace }

/** cart has an app at 8080 that tells each caller the address it comes from. */
async function startWorld(t: TestContext): Promise<World> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  for (const listen of ['TCP4-LISTEN:8080', 'TCP6-LISTEN:8080,ipv6only=1']) startIn(t, cart, 'socat', `${listen},fork,reuseaddr`, 'SYSTEM:echo you are $SOCAT_PEERADDR; cat')
  await until(() => cart.run('ss', '-ltn').split(':8080').length === 3, () => 'the apps')
  return { web, cart }
}

/** What an app of web gets back; empty where it was refused. */
function call(web: TestNamespace, address: string, said = 'hello\n'): string {
  try {
    return web.run('setpriv', `--reuid=${APP_USER}`, '--clear-groups', 'sh', '-c', `printf '${said.replace('\n', '\\n')}' | socat -t3 -T5 - TCP:${address}`)
  } catch {
    return ''
  }
}

function redirectOutbound(web: TestNamespace): void {
  for (const program of ['iptables', 'ip6tables']) web.run(program, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '!', '-o', 'lo', '-m', 'owner', '--uid-owner', String(APP_USER), '-j', 'REDIRECT', '--to-ports', '15001')
}

function redirectInbound(cart: TestNamespace): void {
  for (const program of ['iptables', 'ip6tables']) cart.run(program, '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '-i', 'veth0', '-j', 'REDIRECT', '--to-ports', '15006')
}

function hasParts(t: TestContext): boolean {
  return need(t, 'netns', permitted, 'the right to make network namespaces')
}

test('what iptables redirects goes through mTLS to where it was meant to go, over IPv4 and IPv6', async (t) => {
  if (!hasParts(t)) return
  const { web, cart } = await startWorld(t)
  redirectInbound(cart)
  redirectOutbound(web)
  const inbound = await startSidecar(t, cart, 'cart', { inbound: INBOUND, outbound: undefined })
  const outbound = await startSidecar(t, web, 'web', { inbound: undefined, outbound: OUTBOUND })
  assert.match(call(web, '10.99.0.2:8080'), /^you are 10\.99\.0\.2\nhello\n$/)
  assert.match(call(web, '[fd99::2]:8080'), /^you are \[fd99:.*:0002\]\nhello\n$/)
  assert.equal((await inbound.metrics()).inboundMtls, 2)
  assert.equal((await outbound.metrics()).outboundMtls, 2)
})

test('a caller without mTLS is refused, a port that is open for plaintext is not', async (t) => {
  if (!hasParts(t)) return
  const { web, cart } = await startWorld(t)
  redirectInbound(cart)
  const first = await startSidecar(t, cart, 'cart', { inbound: INBOUND, outbound: undefined })
  assert.doesNotMatch(call(web, '10.99.0.2:8080'), /you are/)
  assert.equal((await first.metrics()).handshakesFailed, 1)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await startSidecar(t, cart, 'cart', { inbound: { ...INBOUND, ports: { 8080: 'plaintext' } }, outbound: undefined })
  assert.match(call(web, '10.99.0.2:8080'), /hello/)
})

test('calls to the sidecar\'s own ports go into a black hole', async (t) => {
  if (!hasParts(t)) return
  const { web, cart } = await startWorld(t)
  redirectInbound(cart)
  redirectOutbound(web)
  const inbound = await startSidecar(t, cart, 'cart', { inbound: INBOUND, outbound: OUTBOUND })
  const outbound = await startSidecar(t, web, 'web', { inbound: undefined, outbound: OUTBOUND })
  for (const address of ['10.99.0.2:15006', '[fd99::2]:15006', '10.99.0.2:15001', '127.0.0.1:15001', '[::1]:15001']) assert.equal(call(web, address), '', address)
  const [there, here] = [await inbound.metrics(), await outbound.metrics()]
  assert.deepEqual([there.selfCalls, here.selfCalls], [3, 2])
  assert.equal(there.active + here.active, 0)
})

for (const [action, answer] of [['deny', ''], ['passthrough', 'you are 10.99.0.1']] as const) {
  test(`outbound.default ${action}`, async (t) => {
    if (!hasParts(t)) return
    const { web } = await startWorld(t)
    redirectOutbound(web)
    const sidecar = await startSidecar(t, web, 'web', { inbound: undefined, outbound: { ...OUTBOUND, expect: [], default: action } })
    assert.equal(call(web, '10.99.0.2:8080').split('\n')[0], answer)
    const { destinationsDenied, outboundPlaintext } = await sidecar.metrics()
    assert.deepEqual([destinationsDenied, outboundPlaintext], action === 'deny' ? [1, 0] : [0, 1])
  })
}

test('under TPROXY the app sees the caller\'s own address', async (t) => {
  if (!hasParts(t)) return
  const { web, cart } = await startWorld(t)
  redirectOutbound(web)
  for (const [program, ip] of [['iptables', '-4'], ['ip6tables', '-6']] as const) {
    const mangle = (...rule: string[]): string => cart.run(program, '-t', 'mangle', '-A', ...rule)
    mangle('PREROUTING', '-i', 'lo', '-p', 'tcp', '-m', 'mark', '--mark', '1337', '-j', 'CONNMARK', '--save-mark')
    mangle('PREROUTING', '-i', 'veth0', '-p', 'tcp', '-j', 'TPROXY', '--on-port', '15006', '--tproxy-mark', '1337')
    mangle('OUTPUT', '-p', 'tcp', '-m', 'connmark', '--mark', '1337', '-j', 'CONNMARK', '--restore-mark')
    cart.run('ip', ip, 'rule', 'add', 'fwmark', '1337', 'lookup', '133')
    cart.run('ip', ip, 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '133')
  }
  const inbound = await startSidecar(t, cart, 'cart', { inbound: { ...INBOUND, mode: 'tproxy', source: 'caller' }, outbound: undefined })
  await startSidecar(t, web, 'web', { inbound: undefined, outbound: OUTBOUND })
  assert.match(call(web, '10.99.0.2:8080'), /^you are 10\.99\.0\.1\nhello\n$/)
  assert.match(call(web, '[fd99::2]:8080'), /^you are \[fd99:.*:0001\]\nhello\n$/)
  assert.equal(call(web, '10.99.0.2:15006'), '')
  const { inboundMtls, selfCalls } = await inbound.metrics()
  assert.deepEqual([inboundMtls, selfCalls], [2, 1])
})

test('killed under load, the sidecar lets no plaintext onto the wire', async (t) => {
  if (!hasParts(t) || !need(t, 'netns', spawn('tcpdump', ['--version'], { stdio: 'ignore' }).pid, 'tcpdump')) return
  const { web, cart } = await startWorld(t)
  redirectInbound(cart)
  redirectOutbound(web)
  const canary = `canary-${process.pid}-of-the-plaintext`
  const { folder } = writeMaterial(t, await pki.material('nobody'))
  const dump = await startWireDump(t, cart, '10.99.0.1', join(folder, 'wire.pcap'))
  await startSidecar(t, cart, 'cart', { inbound: INBOUND, outbound: undefined })
  const outbound = await startSidecar(t, web, 'web', { inbound: undefined, outbound: OUTBOUND })
  const load = startIn(t, web, 'setpriv', `--reuid=${APP_USER}`, '--clear-groups', 'sh', '-c',
    `while true; do for i in 1 2 3 4 5 6 7 8; do echo ${canary} | socat -t1 -T2 - TCP:10.99.0.2:8080 & done; wait; echo; echo round; done`)
  let answers = 0
  let rounds = 0
  load.stdout!.on('data', (bytes: Buffer) => {
    answers += bytes.toString().split(canary).length - 1
    rounds += bytes.toString().split('round').length - 1
  })
  /** One at least has begun and ended meanwhile. */
  const twoRounds = async (): Promise<void> => {
    const before = rounds
    await until(() => rounds >= before + 2, () => 'rounds of calls')
  }
  await until(() => answers > 60, () => 'answers')
  const carried = answers
  outbound.child.kill('SIGKILL')
  await once(outbound.child, 'exit')
  await twoRounds()
  answers = 0
  assert.equal(call(web, '10.99.0.2:8080', `${canary}\n`), '')
  await twoRounds()
  assert.equal(answers, 0)
  load.kill('SIGKILL')
  const wire = await dump.stop()
  assert.ok(wire.length > 2 * carried * canary.length, `${wire.length} bytes hold what ${carried} calls said, both ways`)
  assert.equal(wire.includes(canary), false)
})
