import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EdgeReport, Verdict } from '../../src/check/verdict.ts'
import { Pki } from '../fixtures/pki.ts'
import { CLIENT_IP, SERVER_IP, Stage } from '../fixtures/stage.ts'
import { need } from '../require.ts'
import { framesByPorts, judgeFrames } from './check-cells.ts'
import type { CapturedFrame } from './check-cells.ts'
import { ensureNetns } from './enter.ts'

const netns = ensureNetns()
const PEER = fileURLToPath(new URL('./check-upgrade-peer.cjs', import.meta.url))
const MISSING = ['openssl', 'haproxy', 'curl', 'tcpdump', 'ip'].filter((program) => spawnSync(program, ['--version']).error !== undefined)

type Client = 'with a certificate' | 'without one'

/** What happens while it is captured, and what each connection to that port is then. */
interface Upgrade {
  readonly name: string
  readonly port: number
  readonly serve: (stage: Stage, pki: Pki) => Promise<void>
  readonly talk: (stage: Stage, pki: Pki) => void
  /** In the order of the connections. */
  readonly verdicts: readonly Verdict[]
  /** In the evidence of each. */
  readonly evidence: RegExp
}

const TLS_PORT = 7090
const VERSIONS = ['-tls1_2', '-tls1_3'] as const
const CLIENTS: readonly Client[] = ['with a certificate', 'without one']
/** TLS 1.2 and 1.3, each with and without a certificate. */
const FOUR: readonly Verdict[] = ['mtls', 'tls', 'mtls (inferred)', 'tls']

function identityOf(pki: Pki, client: Client): string[] {
  return client === 'without one' ? [] : ['-cert', pki.client.cert, '-key', pki.client.key]
}

function talkTls(stage: Stage, pki: Pki, ...options: string[]): void {
  for (const version of VERSIONS) for (const client of CLIENTS) {
    stage.client.runFailing('bash', '-c', '(sleep 0.2; echo hello; sleep 0.2) | "$@"', 'bash', 'openssl', 's_client', version, ...identityOf(pki, client), ...options)
  }
}

/** Asks for a certificate and takes connections without one. */
async function serveTls(stage: Stage, pki: Pki, port: number, ...options: string[]): Promise<void> {
  await stage.serve(stage.server, port, 'openssl', 's_server', '-accept', `${port}`, '-cert', pki.serverEc.cert, '-key', pki.serverEc.key, '-CAfile', pki.root.cert, '-verify', '2', '-quiet', ...options)
}

async function servePeer(stage: Stage, pki: Pki, kind: string, port: number, ...options: string[]): Promise<void> {
  await stage.serve(stage.server, port, process.execPath, PEER, kind, `${port}`, pki.serverEc.cert, pki.serverEc.key, pki.root.cert, ...options)
}

/** HAProxy in front of the client puts the PROXY header before the bytes of TLS; another one reads it. */
function proxyProtocol(name: string, port: number, word: string, evidence: RegExp): Upgrade {
  return {
    name, port, evidence, verdicts: FOUR,
    serve: async (stage, pki) => {
      const bundle = stage.file(`bundle-${port}.pem`, stage.server.run('cat', pki.serverEc.cert, pki.serverEc.key))
      const common = 'global\n  log stderr local0 emerg\ndefaults\n  timeout client 20s\n  timeout connect 5s\n  timeout server 20s\n'
      const server = `${common}frontend f\n  mode http\n  bind ${SERVER_IP}:${port} accept-proxy ssl crt ${bundle} ca-file ${pki.root.cert} verify optional\n  http-request return status 200\n`
      await stage.serve(stage.server, port, 'haproxy', '-f', stage.file(`server-${port}.cfg`, server))
      const client = `${common}frontend f\n  mode tcp\n  bind ${CLIENT_IP}:${port}\n  default_backend b\nbackend b\n  mode tcp\n  server s ${SERVER_IP}:${port} ${word}\n`
      await stage.serve(stage.client, port, 'haproxy', '-f', stage.file(`client-${port}.cfg`, client))
    },
    talk: (stage, pki) => talkTls(stage, pki, '-connect', `${CLIENT_IP}:${port}`),
  }
}

const UPGRADES: readonly Upgrade[] = [
  {
    name: 'PostgreSQL: SSLRequest, then TLS', port: 7080, evidence: /SSLRequest/, verdicts: FOUR.filter((verdict) => verdict !== 'tls'),
    serve: (stage, pki) => servePeer(stage, pki, 'postgres', 7080, 'ask'),
    talk: (stage, pki) => { for (const version of VERSIONS) talkOnce(stage, version, pki, 'with a certificate', '-starttls', 'postgres', '-connect', `${SERVER_IP}:7080`) },
  },
  {
    name: 'PostgreSQL: nobody asks for a certificate', port: 7081, evidence: /SSLRequest/, verdicts: ['tls', 'tls'],
    serve: (stage, pki) => servePeer(stage, pki, 'postgres', 7081),
    talk: (stage, pki) => { for (const version of VERSIONS) talkOnce(stage, version, pki, 'with a certificate', '-starttls', 'postgres', '-connect', `${SERVER_IP}:7081`) },
  },
  {
    name: 'MySQL: greeting, SSLRequest, then TLS', port: 7082, evidence: /SSLRequest/, verdicts: ['mtls', 'mtls (inferred)'],
    serve: (stage, pki) => servePeer(stage, pki, 'mysql', 7082, 'ask'),
    talk: (stage, pki) => { for (const version of VERSIONS) talkOnce(stage, version, pki, 'with a certificate', '-starttls', 'mysql', '-connect', `${SERVER_IP}:7082`) },
  },
  {
    name: 'TLS inside CONNECT', port: 7083, evidence: /CONNECT/, verdicts: FOUR,
    serve: async (stage, pki) => {
      await serveTls(stage, pki, TLS_PORT)
      await servePeer(stage, pki, 'connect', 7083)
    },
    talk: (stage, pki) => talkTls(stage, pki, '-proxy', `${SERVER_IP}:7083`, '-connect', `127.0.0.1:${TLS_PORT}`),
  },
  {
    name: 'HTTP on an odd port', port: 7084, evidence: /GET \/json/, verdicts: ['plaintext'],
    serve: async (stage) => { await stage.serveNode(stage.server, 7084, 'shop.cjs', '7084') },
    talk: (stage) => { stage.client.run('curl', '-s', '-o', '/dev/null', `http://${SERVER_IP}:7084/json`) },
  },
  {
    name: 'HTTP inside CONNECT', port: 7085, evidence: /GET \/json|CONNECT/, verdicts: ['plaintext'],
    serve: (stage, pki) => servePeer(stage, pki, 'connect', 7085),
    talk: (stage) => { stage.client.run('curl', '-s', '-o', '/dev/null', '-p', '-x', `http://${SERVER_IP}:7085`, 'http://127.0.0.1:7084/json') },
  },
  proxyProtocol('PROXY protocol 1 before TLS', 7086, 'send-proxy', /PROXY/),
  proxyProtocol('PROXY protocol 2 before TLS', 7087, 'send-proxy-v2', /PROXY/),
]

function talkOnce(stage: Stage, version: string, pki: Pki, client: Client, ...options: string[]): void {
  stage.client.runFailing('bash', '-c', '(sleep 0.2; echo hello; sleep 0.2) | "$@"', 'bash', 'openssl', 's_client', version, ...identityOf(pki, client), ...options)
}

/** Each connection to a port, in the order in which they began. */
function connectionsTo(frames: ReadonlyMap<string, CapturedFrame[]>, port: number): CapturedFrame[][] {
  return [...frames].filter(([key]) => key.endsWith(` ${port}`)).map(([, list]) => list).toSorted((a, b) => a[0]!.atMicros - b[0]!.atMicros)
}

function assertUpgrade({ name, port, verdicts, evidence }: Upgrade, frames: ReadonlyMap<string, CapturedFrame[]>): void {
  const connections = connectionsTo(frames, port)
  const edges = connections.map((list) => judgeFrames(list))
  const verdictOf = (edge: EdgeReport | undefined): string => Object.entries(edge?.connections ?? {}).map(([verdict, count]) => count === 1 ? verdict : `${count} ${verdict}`).join()
  assert.deepEqual(edges.map(verdictOf), verdicts, name)
  for (const edge of edges) assert.match(edge!.evidence.map(({ what }) => what).join('\n'), evidence, name)
  // Joined behind the way to TLS there is nothing that earns more.
  for (const [index, list] of connections.entries()) {
    for (let n = 1; n < list.length; n++) {
      const claimed = Object.keys(judgeFrames(list.slice(n))?.connections ?? {}).filter((verdict) => verdict.startsWith('mtls'))
      assert.ok(claimed.every((verdict) => verdict === verdicts[index]), `${name}: without its first ${n} frames connection ${index} claims ${claimed.join()}`)
    }
  }
}

async function record(t: TestContext): Promise<ReadonlyMap<string, CapturedFrame[]>> {
  const stage = new Stage('turn')
  t.after(() => stage.close())
  const pki = new Pki(stage)
  for (const { serve } of UPGRADES) await serve(stage, pki)
  const path = await stage.record(stage.server, 'veth0', () => { for (const { talk } of UPGRADES) talk(stage, pki) }, 'tcp')
  const ports = new Set(UPGRADES.map(({ port }) => port))
  return framesByPorts(path, (port) => ports.has(port))
}

test('what a connection says before it turns to TLS neither makes it plaintext nor proves anything', { timeout: 240_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', MISSING.length === 0, MISSING.join(', '))) return
  const frames = await record(t)
  for (const upgrade of UPGRADES) await t.test(upgrade.name, () => assertUpgrade(upgrade, frames))
})
