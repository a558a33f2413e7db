import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EdgeReport } from '../../src/check/verdict.ts'
import { CertificateAuthority } from '../../src/identity/ca.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'
import { call, serveIn, serveShop, tempFolder } from './peers.ts'
import { MAIN, TapProcess } from './tap-process.ts'

const netns = ensureNetns()
const PEER = fileURLToPath(new URL('./check-tunnel-peer.cjs', import.meta.url))
const [HONEST, CHANGING] = [15_006, 15_007]

interface Tunnels { readonly web: TestNamespace, readonly cart: TestNamespace, readonly folder: string, readonly keyLog: string }

/** Two tunnels from web to the same app of cart, one of which changes a byte of what the app answers. */
async function startTunnels(t: TestContext): Promise<Tunnels> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  const folder = tempFolder(t)
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3600_000) }
  const ca = await CertificateAuthority.create('shop.example', validity)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const root = file('root.pem', ca.certificatePem)
  const identity = async (name: string): Promise<string[]> => {
    const svid = await ca.issue({ spiffeId: `spiffe://shop.example/${name}`, dnsNames: [name], ...validity })
    return [file(`${name}.pem`, svid.certificatePem), file(`${name}.key`, svid.privateKeyPem), root]
  }
  const [ofWeb, ofCart, keyLog] = [await identity('web'), await identity('cart'), join(folder, 'secrets')]
  await serveShop(t, cart)
  for (const [port, clear, change] of [[HONEST, 8080, []], [CHANGING, 8081, ['"cart":7', '"cart":8']]] as const) {
    await serveIn(t, cart, port, [process.execPath, PEER, 'server', '10.99.0.2', `${port}`, '127.0.0.1', '8080', ...ofCart, keyLog, ...change])
    await serveIn(t, web, clear, [process.execPath, PEER, 'client', '127.0.0.1', `${clear}`, '10.99.0.2', `${port}`, ...ofWeb])
  }
  return { web, cart, folder, keyLog }
}

function check(file: string, ...args: string[]): readonly EdgeReport[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'check', '-r', file, '-o', 'json', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 })
  assert.equal(status, 0, stderr)
  return (JSON.parse(stdout) as { edges: EdgeReport[] }).edges
}

const digests = (edge: EdgeReport | undefined): string[] => (edge?.evidence ?? []).filter(({ kind }) => kind === 'digest').map(({ what }) => what)

test('what a key log decrypts is compared with the clear hops: the same by digest, and not where one byte was changed on the way', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { web, cart, folder, keyLog } = await startTunnels(t)
  const capture = join(folder, 'both.pcapng')
  // Only the server's side: the client's loopback would carry the changed byte as well.
  const tap = new TapProcess(t, '--netns', cart.name, '-w', capture)
  await tap.capturing()
  const page = (port: number, path: string): string => call(web, `http://127.0.0.1:${port}${path}`)
  assert.equal(JSON.parse(page(8080, '/json')).cart, 7)
  page(8080, '/length')
  assert.equal(JSON.parse(page(8081, '/json')).cart, 8, 'the byte was changed')
  page(8081, '/binary')
  await tap.until('all on the loopback of cart', () => tap.messages.filter(({ hop, protocol }) => hop === 'clear' && protocol === 'http1').length >= 4)
  await tap.interrupt()

  const edges = check(capture, '--keylog', keyLog)
  const [honest, changing] = [HONEST, CHANGING].map((port) => edges.find((edge) => edge.port === port))
  assert.deepEqual([honest?.verdict, changing?.verdict], ['mtls', 'mtls'], JSON.stringify(edges))
  assert.equal(digests(honest).length, 1, JSON.stringify(digests(honest)))
  assert.match(digests(honest)[0]!, /^2 of 2 different requests that were decrypted on the wire are what the clear hops carried, by SHA-256/)
  assert.equal(digests(changing).length, 2, JSON.stringify(digests(changing)))
  assert.match(digests(changing)[0]!, /^1 of 2 different requests .* are what .* GET \/binary/)
  assert.match(digests(changing)[1]!, /^1 of 2 different requests .* are not what the clear hops carried .* GET \/json/)

  for (const edge of check(capture)) {
    assert.equal(edge.verdict, 'mtls (inferred)', 'without the key log')
    assert.deepEqual(digests(edge), [])
  }
})
