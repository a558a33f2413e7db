import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { probeServers } from '../../src/check/probe/probe-servers.ts'
import { DEFAULT_BOUNDS } from '../../src/check/probe/bounds.ts'
import type { EdgeReport, ProbeAttempt, ProbeResult, Verdict } from '../../src/check/verdict.ts'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { Pki } from '../fixtures/pki.ts'
import { SERVER_IP, Stage } from '../fixtures/stage.ts'
import { need } from '../require.ts'
import { framesByPorts, judgeFrames, portsKey } from './check-cells.ts'
import type { CapturedFrame } from './check-cells.ts'
import { callServer } from './check-client.ts'
import type { CheckServer } from './check-servers.ts'
import { startCheckServers } from './check-servers.ts'
import type { Cell } from './check-truth.ts'
import { cellName, passiveVerdict, probedVerdict, truthOf } from './check-truth.ts'
import { ensureNetns } from './enter.ts'

const netns = ensureNetns()
const MISSING = ['openssl', 'nginx', 'haproxy', 'tcpdump', 'ip'].filter((program) => spawnSync(program, ['--version']).error !== undefined)
const MAX_UNKNOWN_SHARE = 0.02

interface Table { readonly cells: readonly Cell[], readonly servers: readonly CheckServer[], readonly netnsPath: string }

/** Real connections of all kinds, one after the other, into one capture. */
async function makeTable(t: TestContext, stage: Stage): Promise<Table> {
  const pki = new Pki(stage)
  const servers = await startCheckServers(stage, pki, envoyOf(t))
  const identity = { cert: readFileSync(pki.client.cert, 'utf8'), key: readFileSync(pki.client.key, 'utf8') }
  const netnsPath = `/run/netns/${stage.client.name}`
  const made: Omit<Cell, 'fullFrames' | 'resumedFrames'>[] = []
  const path = await stage.record(stage.server, 'veth0', async () => {
    for (const server of servers) for (const version of server.product === 'plain' ? [undefined] : ['TLSv1.2', 'TLSv1.3'] as const) for (const has of [true, false]) {
      const options = { netnsPath, port: server.port, version, identity: has ? identity : undefined }
      const full = await callServer(options)
      made.push({ server, version, has, full, resumed: full.session && await callServer({ ...options, session: full.session }) })
    }
  }, 'tcp')
  const ports = new Set(servers.map(({ port }) => port))
  const frames = framesByPorts(path, (port) => ports.has(port))
  const uses = new Map<string, number>()
  /** In the order of the connections. */
  const framesOf = (port: number, serverPort: number): readonly CapturedFrame[] => {
    const key = portsKey(port, serverPort)
    uses.set(key, (uses.get(key) ?? 0) + 1)
    return frames.get(portsKey(port, serverPort, uses.get(key))) ?? []
  }
  const cells = made.map((cell) => ({
    ...cell, fullFrames: framesOf(cell.full.localPort, cell.server.port),
    resumedFrames: cell.resumed === undefined ? [] : framesOf(cell.resumed.localPort, cell.server.port),
  }))
  return { cells, servers, netnsPath }
}

function envoyOf(t: TestContext): string | undefined {
  try {
    return locateEnvoy()
  } catch {
    if (process.env.MTLSCOPE_REQUIRE?.includes('peers')) throw new Error('peers is required, but missing: envoy')
    t.diagnostic('without Envoy, which is not installed')
    return undefined
  }
}

/** What check found, as `{ mtls: 2 }`; nothing where there was no connection to judge. */
const found = (edge: EdgeReport | undefined): Partial<Record<Verdict, number>> => edge?.connections ?? {}
const counts = (verdict: Verdict | undefined, n: number): Partial<Record<Verdict, number>> => verdict === undefined ? {} : { [verdict]: n }

/** As good as proof, and what is nearly so. */
function claims(edge: EdgeReport | undefined): Verdict[] {
  return (['mtls', 'mtls (inferred)'] as const).filter((verdict) => found(edge)[verdict] !== undefined)
}

test('the truth table of real peers', { timeout: 300_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', MISSING.length === 0, MISSING.join(', '))) return
  const stage = new Stage('check')
  t.after(() => stage.close())
  const table = await makeTable(t, stage)

  await t.test('the connections are what the table says, by the word of their clients', () => actualConnections(table))
  await t.test('seen from the start, full and resumed', () => seenFromTheStart(table))
  await t.test('joined late, or resumed from before: never more than is seen', () => joinedLate(table))
  await t.test('joined late beside what was seen whole: inferred where that is mutual, and never proved', () => lateBesideSeen(table))
  await t.test('whatever is cut off or lost, nothing earns a claim that it is not', () => cutAndLost(table))
  const probes = await probeAll(table)
  await t.test('with a probe', () => probed(table, probes))
  await t.test('joined late, with a probe: mutual where the server insists, and nothing where it does not', () => {
    lateProbed(table, probes)
    lateBesideSeen(table, probes)
  })
})

function actualConnections({ cells }: Table): void {
  for (const cell of cells) {
    const { full, resumed } = cell
    const truth = truthOf(cell)
    assert.equal(full.heard !== '', truth !== 'refused', `${cellName(cell)}: ${full.error}`)
    assert.ok(cell.fullFrames.length > 3, `${cellName(cell)}: captured`)
    if (truth === 'refused') assert.match(full.error!, /ALERT_(HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED)/)
    if (truth === 'mutual' || truth === 'server only') assert.deepEqual([resumed?.reused, resumed?.heard !== ''], [true, true], `${cellName(cell)}: resumed`)
  }
}

function seenFromTheStart({ cells }: Table): void {
  let [connections, unknown] = [0, 0]
  for (const cell of cells) {
    const expected = passiveVerdict(cell)
    const alone = judgeFrames(cell.fullFrames)
    assert.deepEqual(found(alone), counts(expected, 1), cellName(cell))
    if (truthOf(cell) === 'refused') assert.equal(alone?.refused, 1, cellName(cell))
    const both = judgeFrames([...cell.fullFrames, ...cell.resumedFrames])
    assert.deepEqual(found(both), counts(expected, cell.resumed === undefined ? 1 : 2), `${cellName(cell)}, resumed`)
    for (const [verdict, count] of Object.entries(found(both))) {
      connections += count
      if (verdict === 'unknown') unknown += count
    }
  }
  assert.ok(connections > 80 && unknown <= connections * MAX_UNKNOWN_SHARE, `${unknown} of ${connections} connections are unknown`)
}

function joinedLate({ cells }: Table): void {
  for (const cell of cells) {
    if (cell.full.betweenMicros < 0 || truthOf(cell) === 'refused') continue
    const late = lateFrames(cell)!
    assert.ok(late.length > 0 && late.length < cell.fullFrames.length, cellName(cell))
    const isPlain = truthOf(cell) === 'plain'
    assert.deepEqual(found(judgeFrames(late)), counts(isPlain ? 'plaintext' : 'unknown', 1), `${cellName(cell)}, joined late`)
    if (cell.resumed !== undefined) assert.deepEqual(found(judgeFrames(cell.resumedFrames)), counts('unknown', 1), `${cellName(cell)}, resumed from before the capture`)
  }
}

/** Of `cell`, as if the watch had begun in the middle; undefined where there is no such moment. */
function lateFrames({ full, fullFrames }: Cell): readonly CapturedFrame[] | undefined {
  return full.betweenMicros < 0 ? undefined : fullFrames.filter(({ atMicros }) => atMicros >= full.betweenMicros)
}

/** Each that was joined late beside each of the same client and server that was seen whole, with the word of a probe and without. */
function lateBesideSeen({ cells }: Table, probes: readonly ProbeResult[] = []): void {
  let inferred = 0
  for (const cell of cells) {
    const late = lateFrames(cell)
    if (late === undefined || cell.version === undefined || truthOf(cell) === 'refused') continue
    for (const other of cells) {
      if (other.server !== cell.server || other === cell || truthOf(other) === 'refused') continue
      const edge = judgeFrames([...late, ...other.fullFrames].toSorted((a, b) => a.atMicros - b.atMicros), probes)
      const name = `${cellName(cell)}, joined late, beside ${cellName(other)}`
      assert.equal(edge?.joinedLate, 1, name)
      const isMutual = truthOf(other) === 'mutual'
      const known = (probes.length === 0 ? passiveVerdict : probedVerdict)(other)!
      const isInferred = isMutual && (probes.length === 0 || insists(cell.server))
      const expected: Verdict = isInferred ? 'mtls (inferred)' : 'unknown'
      assert.deepEqual(found(edge), known === expected ? { [known]: 2 } : { [known]: 1, [expected]: 1 }, name)
      // Who is asked for a certificate and need not have one may do without: of a connection from before only the probe knows that.
      if (isInferred && insists(cell.server)) assert.equal(truthOf(cell), 'mutual', name)
      inferred += Number(isInferred)
    }
  }
  assert.ok(inferred > 5, `${inferred}`)
}

/** Each beginning left out, each end left out, and each frame lost for itself. */
function cutAndLost({ cells }: Table): void {
  for (const cell of cells) {
    const isMutual = truthOf(cell) === 'mutual'
    const worst = isMutual ? cell.version === 'TLSv1.2' ? 2 : 1 : 0
    // Two connections together cost four times as much: the two libraries that there are behind all servers are enough.
    const together = cell.server.product === 'openssl' || cell.server.product === 'envoy' ? [[...cell.fullFrames, ...cell.resumedFrames]] : []
    for (const frames of [cell.fullFrames, ...together]) {
      for (let n = 1; n < frames.length; n++) {
        for (const [how, rest] of [['begins with', frames.slice(n)], ['ends before', frames.slice(0, n)], ['lacks', frames.toSpliced(n, 1)]] as const) {
          const claimed = claims(judgeFrames(rest))
          const allowed = worst === 2 ? ['mtls', 'mtls (inferred)'] : worst === 1 ? ['mtls (inferred)'] : []
          assert.ok(claimed.every((verdict) => allowed.includes(verdict)), `${cellName(cell)}: ${how} frame ${n} of ${frames.length} claims ${claimed.join()}`)
        }
      }
    }
  }
}

async function probeAll({ servers, netnsPath }: Table): Promise<readonly ProbeResult[]> {
  const targets = servers.map(({ port, product }) => ({ ip: SERVER_IP, port, netnsPath, sni: 'shop.example', tls: product !== 'plain' }))
  // The servers are other processes on a machine that may be busy.
  return await probeServers(targets, { isOwn: () => true, bounds: { ...DEFAULT_BOUNDS, handshakeMs: 30_000, answerMs: 5000, serverFirstMs: 200 } })
}

function probed({ cells, servers }: Table, probes: readonly ProbeResult[]): void {
  for (const [index, server] of servers.entries()) assertProbe(server, probes[index]!)
  for (const cell of cells) {
    const edge = judgeFrames(cell.fullFrames, probes)
    assert.deepEqual(found(edge), counts(probedVerdict(cell), 1), `${cellName(cell)}, probed`)
    if (edge?.verdict === 'mtls') assert.equal(truthOf(cell), 'mutual', cellName(cell))
  }
}

function insists({ asks, product }: CheckServer): boolean {
  return asks === 'required' && product !== 'nginx'
}

function lateProbed({ cells }: Table, probes: readonly ProbeResult[]): void {
  for (const cell of cells) {
    const late = lateFrames(cell)
    if (late === undefined || cell.version === undefined || truthOf(cell) === 'refused') continue
    const expected = insists(cell.server) ? 'mtls (inferred)' : 'unknown'
    assert.deepEqual(found(judgeFrames(late, probes)), { [expected]: 1 }, `${cellName(cell)}, joined late, probed`)
    if (insists(cell.server)) assert.equal(truthOf(cell), 'mutual', cellName(cell))
  }
}

function assertProbe(server: CheckServer, { attempts, chain }: ProbeResult): void {
  const name = `${server.product}, certificate ${server.asks}`
  const text = JSON.stringify(attempts)
  const of = (kind: ProbeAttempt['kind']): string[] => attempts.filter((attempt) => attempt.kind === kind).map(({ outcome }) => outcome)
  if (server.product === 'plain') {
    assert.deepEqual(of('plaintext'), ['accepted'], text)
    return
  }
  const isStrict = insists(server)
  assert.deepEqual(of('no-certificate'), isStrict ? ['refused', 'refused'] : ['accepted', 'accepted'], `${name}: ${text}`)
  assert.equal(of('foreign-certificate').includes('accepted'), server.product === 'nginx' && server.asks !== 'not asked', `${name}: ${text}`)
  if (isStrict) assert.deepEqual(of('foreign-certificate'), ['refused', 'refused'], `${name}: ${text}`)
  assert.ok(!of('plaintext').includes('accepted'), `${name}: ${text}`)
  assert.equal(chain[0]?.spiffeId, 'spiffe://shop.example/ns/shop/sa/cart', name)
}
