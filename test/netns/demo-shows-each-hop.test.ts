import assert from 'node:assert/strict'
import { test } from 'node:test'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { DemoRun, MAIN, missingForDemo } from './demo.fixture.ts'

interface Hop { kind: string, seenIn: string[], version?: string, group?: string, clientProof?: string, records?: number, server: { ip: string, port: number } }
interface Request { at: string, from: string, to: string, verdict: string, what: string, status: number, complete: boolean, hops: Hop[], response: { body?: { text?: string } } }

const COUNT = 24

async function runDemo(t: { after(fn: () => void): void }, ...args: string[]): Promise<DemoRun> {
  const run = new DemoRun([process.execPath, MAIN, 'demo', '-c', String(COUNT), '--for', '150s', '--rate', '12', ...args])
  t.after(() => run.kill())
  assert.equal(await run.exited, 0, run.stderr)
  return run
}

function requestsOf(run: DemoRun): Request[] {
  return run.stdout.trim().split('\n').map((line) => JSON.parse(line) as Request)
}

function hasEnvoy(): boolean {
  try {
    return locateEnvoy() !== ''
  } catch {
    return false
  }
}

/** Addresses of the services that are called; what the app dials, and what its sidecar dials. */
const ADDRESSES: Record<string, { outer: string, inner: string }> = {
  'cart nft': { outer: '10.77.0.2', inner: '10.77.0.2' }, 'stock nft': { outer: '10.77.0.3', inner: '10.77.0.3' },
  'cart iptables': { outer: '10.77.0.2', inner: '10.77.0.2' }, 'stock iptables': { outer: '10.77.0.3', inner: '10.77.0.3' },
  'cart listeners': { outer: '127.137.0.2', inner: '127.0.0.1' }, 'stock listeners': { outer: '127.137.0.3', inner: '127.0.0.1' },
}

/** Every request of an edge with sidecars was read at both ends and crossed in between as TLS 1.3 with a client certificate. */
function assertMutualTls(requests: Request[], interception: string): void {
  const secured = requests.filter((r) => r.to !== 'ads')
  for (const { hops, verdict, from, to, what, complete } of secured) {
    const text = `${from} → ${to} ${what}: ${JSON.stringify(hops)}`
    assert.equal(verdict, 'mtls-inferred', text)
    assert.ok(complete, text)
    assert.deepEqual(hops.map((hop) => hop.kind), ['clear', 'tls', 'clear'], text)
    const [outer, wire, inner] = hops as [Hop, Hop, Hop]
    assert.deepEqual([outer.seenIn, inner.seenIn], [[from], [to]], text)
    assert.deepEqual([wire.version, wire.group, wire.clientProof], ['TLS 1.3', 'X25519MLKEM768', 'inferred'], text)
    assert.deepEqual(wire.seenIn.toSorted(), [from, to].toSorted(), text)
    const { outer: dialled, inner: app } = ADDRESSES[`${to} ${interception}`]!
    assert.deepEqual([outer.server.ip, outer.server.port, inner.server.ip, inner.server.port], [dialled, 8080, app, 8080], text)
  }
}

for (const [proxy, interception, program] of [['embedded', 'nft', 'nft'], ['embedded', 'iptables', 'iptables-restore'], ['embedded', 'listeners', 'ip'], ['envoy', 'nft', 'nft'], ['envoy', 'listeners', 'ip']] as const) {
  test(`${proxy}, ${interception}: every request has its hops, and only the edge without a sidecar is plaintext`, async (t) => {
    if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')) return
    if (!need(t, 'netns', findProgram(program) !== undefined, program)) return
    if (proxy === 'envoy' && !need(t, 'peers', hasEnvoy(), 'envoy')) return
    const requests = requestsOf(await runDemo(t, '-o', 'json', '--proxy', proxy, '--interception', interception))
    assert.equal(requests.length, COUNT)
    const edges = ['cart stock', 'web ads', 'web cart']
    const others = requests.filter((r) => !edges.includes(`${r.from} ${r.to}`))
    assert.deepEqual(others, [], JSON.stringify(others))
    assert.deepEqual([...new Set(requests.map((r) => `${r.from} ${r.to}`))].toSorted(), edges)
    assertMutualTls(requests, interception)
    for (const { hops, verdict, from, response } of requests.filter((r) => r.to === 'ads')) {
      assert.equal(verdict, 'plaintext')
      assert.equal(from, 'web')
      // Led through the sidecar, which hands it on as it is; or past it.
      assert.deepEqual(hops.map((hop) => [hop.kind, hop.seenIn]), [...interception === 'listeners' ? [] : [['clear', ['web']]], ['plain', ['web']]])
      assert.match(response.body?.text ?? '', /Tea, now with more leaves/)
    }
    assert.ok(requests.some((r) => r.status === 404), 'some answers are errors')
  })
}

test('for people: the hops of the first request of each edge, and the sum at the end', async (t) => {
  if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')) return
  const { stdout } = await runDemo(t)
  assert.match(stdout, /^mtlscope demo   4 services · 3 sidecars · 1 bare · (nft rules|iptables rules|listeners)   viewer http:\/\/127\.0\.0\.1:\d+\/( \(port 8899 is taken\))?   Ctrl-C stops$/m)
  assert.equal(stdout.match(/^ +web ─clear─ sidecar ═ \d+ records?, [\d ]+ B unreadable ═ sidecar ─clear─ cart$/gm)?.length, 1, stdout)
  assert.equal(stdout.match(/^ +cart ─clear─ sidecar ═ \d+ records?, [\d ]+ B unreadable ═ sidecar ─clear─ stock$/gm)?.length, 1, stdout)
  assert.equal(stdout.match(/^ +web (─clear─ sidecar )?─── readable by anyone on the wire ─── ads$/gm)?.length, 1, stdout)
  assert.match(stdout, /─── CLEAR on the wire +ads has no sidecar/)
  const sum = stdout.trimEnd().split('\n').at(-1)!
  for (const edge of ['web→cart ●═●', 'cart→stock ●═●', 'web→ads ───']) assert.ok(sum.includes(edge), sum)
  assert.match(sum, /packets [1-9][\d ]* · dropped 0 · 3 namespaces$/)
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /\x1b/, 'a pipe gets plain text')
})

test('--for ends it', async (t) => {
  if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')) return
  const SHOWN = /(web|cart) +→ (cart|stock|ads)/
  // On a busy machine no request may come to its end in so little time.
  for (const seconds of [1, 10, 60]) {
    const run = new DemoRun([process.execPath, MAIN, 'demo', '--for', `${seconds}s`, '--rate', '10'])
    t.after(() => run.kill())
    assert.equal(await run.exited, 0, run.stderr)
    if (SHOWN.test(run.stdout)) return
  }
  assert.fail('no request in a minute')
})
