import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Verdict } from '../../src/check/verdict.ts'
import { Pki } from '../fixtures/pki.ts'
import { Stage } from '../fixtures/stage.ts'
import { need } from '../require.ts'
import { framesByPorts, judgeFrames } from './check-cells.ts'
import type { CapturedFrame } from './check-cells.ts'
import { startCheckClients } from './check-clients.ts'
import type { CheckServer } from './check-servers.ts'
import { startHaproxy } from './check-servers.ts'
import { ensureNetns } from './enter.ts'

const netns = ensureNetns()
const MISSING = ['openssl', 'haproxy', 'curl', 'tcpdump', 'ip'].filter((program) => spawnSync(program, ['--version']).error !== undefined)

/** One connection that was asked for. */
interface Call { readonly name: string, readonly server: CheckServer, readonly has: boolean, readonly version: '1.2' | '1.3' }

/** Undefined: there was no connection. */
function expected({ server, has, version }: Call): Verdict | undefined {
  if (server.asks === 'required' && !has) return undefined
  if (server.asks === 'not asked' || !has) return 'tls'
  return version === '1.2' ? 'mtls' : 'mtls (inferred)'
}

async function record(stage: Stage): Promise<{ calls: Call[], frames: Map<string, CapturedFrame[]>, missing: string[] }> {
  const pki = new Pki(stage)
  const servers = await startHaproxy(stage, pki)
  const { clients, missing } = await startCheckClients(stage, pki, servers)
  const calls: Call[] = []
  const path = await stage.record(stage.server, 'veth0', () => {
    for (const server of servers) for (const client of clients) for (const version of client.versions) for (const has of client.kinds) {
      client.call(server, has, version)
      calls.push({ name: client.name, server, has, version })
    }
  }, 'tcp')
  const ports = new Set(servers.map(({ port }) => port))
  return { calls, frames: framesByPorts(path, (port) => ports.has(port)), missing }
}

test('the TLS of Go, Java, BoringSSL and OpenSSL as clients: no certificate that is not, each one that is', { timeout: 240_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', MISSING.length === 0, MISSING.join(', '))) return
  const stage = new Stage('others')
  t.after(() => stage.close())
  const { calls, frames, missing } = await record(stage)
  for (const { port } of new Set(calls.map(({ server }) => server))) {
    const made = calls.filter(({ server }) => server.port === port)
    const connections = [...frames].filter(([key]) => key.endsWith(` ${port}`)).map(([, list]) => list).toSorted((a, b) => a[0]!.atMicros - b[0]!.atMicros)
    assert.equal(connections.length, made.length, `each call made one connection: ${frames.size} to ${[...frames].map(([key, list]) => `${key} at ${list[0]!.atMicros}, ${list.length} frames`).join('; ')}`)
    for (const [index, call] of made.entries()) assertCall(call, connections[index]!)
  }
  // Java is there where the fixtures are made, and no peer that the tests ask for.
  if (missing.includes('java')) t.diagnostic('without Java, which is not installed')
  const needed = missing.filter((program) => program !== 'java')
  need(t, 'peers', needed.length === 0, needed.join(', '))
})

function assertCall(call: Call, frames: readonly CapturedFrame[]): void {
  const name = `${call.name}, certificate ${call.server.asks}, TLS ${call.version}, client has ${call.has ? 'one' : 'none'}`
  const verdict = expected(call)
  const edge = judgeFrames(frames)
  assert.deepEqual(edge?.connections ?? {}, verdict === undefined ? {} : { [verdict]: 1 }, `${name}: ${edge?.because}`)
  if (verdict === undefined) assert.equal(edge?.refused, 1, name)
}
