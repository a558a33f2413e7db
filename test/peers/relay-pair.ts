import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CertificateAuthority } from '../../src/identity/ca.ts'
import type { SidecarPlan } from '../../src/proxy/sidecar-plan.ts'
import type { FinishedConnection, Relay, RelayMetrics, RelayNotice, TlsMaterial } from '../../src/proxy/relay/relay.ts'
import { openRelay } from '../../src/proxy/relay/relay.ts'
import { freePorts } from '../free-ports.ts'

export { freePorts } from '../free-ports.ts'

export const HOUR_MS = 3600_000
export const TRUST_DOMAIN = 'shop.test'

export function spiffeId(name: string): string {
  return `spiffe://${TRUST_DOMAIN}/${name}`
}

/** A CA and material of its workloads. */
export class TestPki {
  readonly ca: CertificateAuthority

  private constructor(ca: CertificateAuthority) {
    this.ca = ca
  }

  static async create(): Promise<TestPki> {
    return new TestPki(await CertificateAuthority.create(TRUST_DOMAIN, validFor(HOUR_MS)))
  }

  async material(name: string, notAfterMs = HOUR_MS): Promise<TlsMaterial> {
    const validity = { notBefore: new Date(Date.now() - 2 * HOUR_MS), notAfter: new Date(Date.now() + notAfterMs) }
    const svid = await this.ca.issue({ spiffeId: spiffeId(name), dnsNames: [name], ...validity })
    return { keyPem: svid.privateKeyPem, chainPem: svid.certificatePem, bundlePem: this.ca.certificatePem }
  }
}

function validFor(ms: number): { notBefore: Date, notAfter: Date } {
  return { notBefore: new Date(Date.now() - 2 * HOUR_MS), notAfter: new Date(Date.now() + ms) }
}

/** Files that openssl, curl and proxies read. */
export interface MaterialFiles { readonly folder: string, readonly key: string, readonly chain: string, readonly bundle: string, readonly both: string }

export function writeMaterial(t: TestContext, { keyPem, chainPem, bundlePem }: TlsMaterial): MaterialFiles {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-relay-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const files = { folder, key: join(folder, 'key.pem'), chain: join(folder, 'chain.pem'), bundle: join(folder, 'bundle.pem'), both: join(folder, 'both.pem') }
  writeFileSync(files.key, keyPem, { mode: 0o600 })
  writeFileSync(files.chain, chainPem)
  writeFileSync(files.bundle, bundlePem)
  writeFileSync(files.both, chainPem + keyPem, { mode: 0o600 })
  return files
}

/** Everything at its default, nothing listening. */
export const PLAN: SidecarPlan = {
  workload: 'test', identity: { kind: 'files', key: '', chain: '', bundle: '' }, inbound: undefined, outbound: undefined,
  tls: { minVersion: '1.3', groups: ['X25519MLKEM768', 'X25519', 'P-256'], alpn: 'mtlscope', resumption: true },
  limits: { connections: 10_000, bufferBytes: 65_536, connectTimeoutMs: 5000, handshakeTimeoutMs: 5000, idleTimeoutMs: 0, drainTimeoutMs: 5000 },
  admin: { host: '127.0.0.1', port: 0 }, log: 'text', threads: 1,
}

let tunnel: 'auto' | 'off' = 'auto'

/** The same test with tunnels between the relays of its plans, and without. */
export function withAndWithoutTunnel(promise: string, body: (t: TestContext) => Promise<void>): void {
  withoutTunnel(promise, body)
  withTunnel(promise, body)
}

/** What is so only where each of the apps' connections is one between the relays, too. */
export function withoutTunnel(promise: string, body: (t: TestContext) => Promise<void>): void {
  withTunnels('off', `a connection each: ${promise}`, body)
}

export function withTunnel(promise: string, body: (t: TestContext) => Promise<void>): void {
  withTunnels('auto', `tunnel: ${promise}`, body)
}

function withTunnels(how: typeof tunnel, name: string, body: (t: TestContext) => Promise<void>): void {
  test(name, (t) => {
    tunnel = how
    return body(t)
  })
}

/** An inbound plan for `listen` mode on loopback. */
export function inboundPlan(port: number, toPort: number, more: Partial<NonNullable<SidecarPlan['inbound']>> = {}): SidecarPlan['inbound'] {
  return {
    mode: 'listen', listen: [{ host: '127.0.0.1', port }], to: { host: '127.0.0.1', port: toPort }, default: 'mtls', ports: {},
    allow: { default: [], ports: {} }, source: 'sidecar', tunnel, ...more,
  }
}

/** One mapped destination on loopback. */
export function outboundPlan(port: number, toPort: number, identities: readonly string[] = []): SidecarPlan['outbound'] {
  return {
    mode: 'none', listen: [], default: 'mesh', passthrough: [], expect: [],
    map: [{ listen: { host: '127.0.0.1', port }, to: { host: '127.0.0.1', port: toPort }, identities }],
    tunnel,
  }
}

export interface TestRelay extends Relay {
  readonly finished: FinishedConnection[]
  readonly notices: RelayNotice[]
  /** The next connections to end, in order; rejects when they do not. */
  next(count?: number): Promise<FinishedConnection[]>
}

/** Closed after the test, and fails it if a thread of it dies. */
export async function startRelay(t: TestContext, plan: SidecarPlan, material: TlsMaterial): Promise<TestRelay> {
  const finished: FinishedConnection[] = []
  const notices: RelayNotice[] = []
  const failures: Error[] = []
  let taken = 0
  const relay = openRelay(plan, material, {
    connections: (batch) => void finished.push(...batch),
    notice: (notice) => void notices.push(notice),
    failed: (error) => void failures.push(error),
  })
  t.after(async () => {
    await relay.close()
    if (failures[0] !== undefined) throw failures[0]
  })
  await relay.ready
  const next = async (count = 1): Promise<FinishedConnection[]> => {
    await until(() => finished.length >= taken + count, () => `${count} more finished connections, there are ${finished.length - taken}`)
    taken += count
    return finished.slice(taken - count, taken)
  }
  return {
    ready: relay.ready, finished, notices, next,
    replaceIdentity: (next) => relay.replaceIdentity(next), replacePlan: (next) => relay.replacePlan(next), drain: (ms) => relay.drain(ms),
    close: () => relay.close(), connections: () => relay.connections(), metrics: () => relay.metrics(), tap: (tap) => relay.tap(tap),
  }
}

function threadStates(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))![1]!)
}

/** A relay in a process of its own, whose descriptors and memory are nobody else's. */
export interface RelayProcess {
  use(): { readonly descriptors: number, readonly rssBytes: number }
  /** Ends when each of its threads stands still. */
  pause(): Promise<void>
  resume(): void
  metrics(): Promise<RelayMetrics>
  /** Its metrics once they fit. */
  until(fits: (metrics: RelayMetrics) => boolean): Promise<RelayMetrics>
}

/** `prefix`: a program that starts it. */
export async function startRelayProcess(t: TestContext, plan: SidecarPlan, material: TlsMaterial, prefix: readonly string[] = []): Promise<RelayProcess> {
  const { folder, key, chain, bundle } = writeMaterial(t, material)
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify({ ...plan, identity: { kind: 'files', key, chain, bundle } }))
  const [first, ...args] = [...prefix, process.execPath, fileURLToPath(new URL('../../bench/sidecar/relay-process.ts', import.meta.url)), file]
  const child = spawn(first!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => { said += bytes.toString() })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => { throw new Error(`the relay ended: ${said}`) })])
  const metrics = async (): Promise<RelayMetrics> => {
    said = ''
    child.kill('SIGUSR2')
    await until(() => said.endsWith('}\n') || child.exitCode !== null || child.signalCode !== null, () => `metrics in ${JSON.stringify(said)}`)
    if (!said.endsWith('}\n')) throw new Error(`the relay ended with ${child.exitCode ?? child.signalCode}: ${said}`)
    return JSON.parse(said) as RelayMetrics
  }
  return {
    metrics,
    pause: async () => {
      child.kill('SIGSTOP')
      await until(() => threadStates(child.pid!).every((state) => state === 'T'), () => `threads that stand still: ${threadStates(child.pid!)}`)
    },
    resume: () => void child.kill('SIGCONT'),
    use: () => ({ descriptors: readdirSync(`/proc/${child.pid}/fd`).length, rssBytes: 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) }),
    until: async (fits) => {
      for (let left = 200; ; left--) {
        const now = await metrics()
        if (fits(now)) return now
        if (left === 0) throw new Error(`never came: ${JSON.stringify(now)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
  }
}

/** A promise and what settles it. */
export function deferred<T>(): { readonly promise: Promise<T>, resolve(value: T): void } {
  let settle: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => { settle = resolve })
  return { promise, resolve: (value) => settle(value) }
}

/** Waits for a condition that other threads or processes bring about. */
export async function until(holds: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!await holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** An app on loopback; its sockets are destroyed after the test. */
export async function serve(t: TestContext, onSocket: (socket: Socket) => void, port = 0): Promise<{ port: number, server: Server, sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, server, sockets }
}

export function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000 })
}

export interface RelayPair { readonly inbound: TestRelay, readonly outbound: TestRelay, readonly port: number, readonly wirePort: number }

/** web calls cart: a socket to `port` comes out at the app's port, with mTLS between. */
export async function startPair(t: TestContext, pki: TestPki, appPort: number, change: (plan: SidecarPlan) => SidecarPlan = (plan) => plan): Promise<RelayPair> {
  const [port, wirePort] = await freePorts(2)
  const inbound = await startRelay(t, change({ ...PLAN, inbound: inboundPlan(wirePort, appPort) }), await pki.material('cart'))
  const outbound = await startRelay(t, change({ ...PLAN, outbound: outboundPlan(port, wirePort, [spiffeId('cart')]) }), await pki.material('web'))
  return { inbound, outbound, port, wirePort }
}
