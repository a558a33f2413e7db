import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CertificateAuthority } from '../../identity/ca.ts'
import type { Identity } from '../../identity/material.ts'
import { checkIdentity } from '../../identity/material.ts'
import { DEFAULT_REDACTION } from '../../protocols/redaction.ts'
import type { Keep } from '../../store/keep.ts'
import type { StoreInfo } from '../../store/store.ts'
import { AgentFleet } from './agent-fleet.ts'
import { ClusterStore } from './cluster-store.ts'
import { openAgent } from './open-agent.ts'
import type { OpenedAgent } from './open-agent.ts'
import { openClusterHub } from './open-cluster-hub.ts'
import type { OpenedClusterHub } from './open-cluster-hub.ts'

export const HUB_ID = 'spiffe://cluster.test/ns/mtlscope/sa/mtlscope-hub'
export const AGENT_ID = 'spiffe://cluster.test/ns/mtlscope/sa/mtlscope-agent'

/** A CA of a test: identities as the CA of a cluster gives them. */
export class TestTrust {
  readonly #ca: CertificateAuthority
  readonly #validity: { notBefore: Date, notAfter: Date }

  private constructor(ca: CertificateAuthority, validity: { notBefore: Date, notAfter: Date }) {
    this.#ca = ca
    this.#validity = validity
  }

  static async create(): Promise<TestTrust> {
    const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
    return new TestTrust(await CertificateAuthority.create('cluster.test', validity), validity)
  }

  async identity(spiffeId: string): Promise<Identity> {
    const { privateKeyPem, certificatePem } = await this.#ca.issue({ spiffeId, dnsNames: [], ...this.#validity })
    return checkIdentity({ keyPem: privateKeyPem, chainPem: certificatePem, bundlePem: this.#ca.certificatePem }, Date.now())
  }
}

export function testFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mtlscope-test-agents-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export interface RunningAgent extends OpenedAgent { readonly address: string, readonly port: number, replaceIdentity(identity: Identity): void }

/** An agent without a capture: lines are given to it. Closed with the test, if not before. */
export async function startAgent(t: TestContext, trust: TestTrust, own: { node: string, storeFolder?: string, port?: number, keep?: Keep, spiffeId?: string }): Promise<RunningAgent> {
  const { node, storeFolder = testFolder(t), port = 0, keep = {}, spiffeId = AGENT_ID } = own
  const agent = await openAgent({ node, storeFolder, keep, redaction: DEFAULT_REDACTION, replay: true, onBug: (error) => { throw error } })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => closing ??= agent.close()
  t.after(close)
  const listening = await agent.listen({ host: '127.0.0.1', port, identity: await trust.identity(spiffeId), hubId: HUB_ID })
  return { ...agent, close, ...listening, address: `https://127.0.0.1:${listening.port}` }
}

export async function startHub(t: TestContext, trust: TestTrust, addresses: readonly string[]): Promise<OpenedClusterHub & { readonly said: string[] }> {
  const identity = await trust.identity(HUB_ID)
  const said: string[] = []
  const opened = await openClusterHub({
    title: 'test', host: '127.0.0.1', port: 0, replay: true, agentId: AGENT_ID, identity: () => identity, say: (text) => said.push(text), onBug: (error) => { throw error },
  })
  t.after(() => opened.close())
  for (const address of addresses) opened.fleet.follow(address)
  return { ...opened, said }
}

/** A merged store whose messages are spread over its agents, each connection on one. */
export class SpreadStore extends ClusterStore {
  readonly #fleet: AgentFleet
  readonly #agents: readonly RunningAgent[]

  constructor(fleet: AgentFleet, agents: readonly RunningAgent[]) {
    super(fleet)
    this.#fleet = fleet
    this.#agents = agents
  }

  /** On a busy machine one may have been taken for lost. */
  async untilAllAreThere(): Promise<void> {
    await until('all agents answer', () => this.#fleet.present.length === this.#agents.length ? true : undefined)
  }

  override async add(lines?: Uint8Array): Promise<void> {
    const parts = this.#agents.map(() => '')
    for (const line of Buffer.from(lines ?? []).toString().split('\n')) if (line !== '') parts[flowNumber(line) % parts.length] += `${line}\n`
    await Promise.all(parts.map((text, at) => text === '' ? undefined : this.#agents[at]!.hub.store.add(Buffer.from(text))))
    await this.untilAllAreThere()
  }
}

const trust = TestTrust.create()

/** A merged store of so many agents, which are asked over mutual TLS; closed with the test. */
export async function openMergedAgents(t: TestContext, count: number, keep: Keep): Promise<SpreadStore> {
  const ca = await trust
  const each = { ...keep, ...(keep.sizeBytes !== undefined && { sizeBytes: keep.sizeBytes / count }) }
  const agents = await Promise.all(Array.from({ length: count }, (_, n) => startAgent(t, ca, { node: `node-${n}`, keep: each })))
  const identity = await ca.identity(HUB_ID)
  const fleet = new AgentFleet({ agentId: AGENT_ID, identity: () => identity, say: () => {} })
  const store = new SpreadStore(fleet, agents)
  t.after(() => store.close())
  for (const { address } of agents) fleet.follow(address)
  await store.untilAllAreThere()
  return store
}

function flowNumber(line: string): number {
  const flow = /"flow":"([^"]*)"/.exec(line)?.[1] ?? ''
  return [...flow].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
}

/** Asks until it holds: as long as it takes on a busy machine, and no longer than a test may. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, waitMs = 60_000): Promise<T> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > endMs) throw new Error(`${what}: not within ${waitMs / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export async function untilStored(store: { info(): Promise<StoreInfo> }, count: number): Promise<void> {
  await until(`${count} messages`, async () => (await store.info()).stored === count ? true : undefined)
}
