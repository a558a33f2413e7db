import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MtlscopeError } from '../base/errors.ts'
import { sibling } from '../base/sibling.ts'
import { CertificateAuthority } from '../identity/ca.ts'
import { startProcess } from '../sys/spawn.ts'
import type { ExitStatus, RunningProcess } from '../sys/spawn.ts'
import type { Interception } from './interception-plan.ts'
import { applyInterception } from './interception.ts'
import { applyFolders, applyNetwork, netnsPath, WORLD_FOLDER } from './network.ts'
import { planApp, planSidecar, SHOP, spiffeIdOf, TRUST_DOMAIN } from './plan.ts'
import { startSidecar } from './sidecar-process.ts'

const VALID_MS = 24 * 3_600_000
/** Clocks of one machine agree; certificates that start now would be refused by one that rounds down. */
const BACKDATED_MS = 60_000

export interface WorldOptions {
  /** Path of the Envoy that the sidecars are to use. */
  envoy: string | undefined
  interception: Interception | 'auto'
  rate: number
}

/**
 * The shop: namespaces, identities, sidecars and apps. Only to be opened inside the demo's own mount, pid and network
 * namespaces: nothing of it is taken down one by one, all of it ends with the process that opened it.
 */
export class World {
  readonly #options: WorldOptions
  readonly #fail: (error: MtlscopeError) => void
  #interception: Interception = 'listeners'
  #web: RunningProcess | undefined
  #closing = false
  /** Rejects when a part of the world ends by itself; never resolves. */
  readonly failed: Promise<never>

  constructor(options: WorldOptions) {
    this.#options = options
    let fail: (error: MtlscopeError) => void = () => {}
    this.failed = new Promise((_, reject) => { fail = reject })
    this.failed.catch(() => {})
    this.#fail = fail
  }

  /** The namespaces exist when it resolves, and it is known how connections come to the sidecars. */
  async openNetwork(): Promise<Interception> {
    await applyFolders()
    await applyNetwork()
    this.#interception = await applyInterception(this.#options.interception)
    return this.#interception
  }

  /** Everybody listens when it resolves, and nobody has said a word. */
  async openServices(): Promise<void> {
    const apps = SHOP.map((service) => this.#startApp(service.name))
    await issueIdentities()
    const sidecars = SHOP.filter((service) => service.sidecar).map((service) => {
      const config = planSidecar(service, WORLD_FOLDER, this.#interception)
      const sidecar = startSidecar(config, { netns: netnsPath(service.name), folder: WORLD_FOLDER, envoy: this.#options.envoy })
      this.#watch(`sidecar of ${service.name}`, sidecar.exited)
      return sidecar
    })
    await Promise.all([...apps, ...sidecars].map((p) => p.ready))
  }

  startTraffic(): void {
    this.#web?.stdin?.write('go\n')
  }

  /** Resolves when the last answer is there, or after `timeoutMs`. */
  async stopTraffic(timeoutMs: number): Promise<void> {
    this.#closing = true
    if (this.#web === undefined) return
    this.#web.stdin?.end()
    await Promise.race([this.#web.exited, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())])
  }

  #startApp(name: string): RunningProcess {
    const service = SHOP.find((s) => s.name === name)!
    const program = fileURLToPath(sibling(import.meta.url, 'app'))
    const config = JSON.stringify(planApp(service, this.#options.rate, this.#interception))
    const app = startProcess(process.execPath, [program, config], { netns: netnsPath(name), stdin: 'pipe', readyLine: 'ready', detached: true })
    if (name === 'web') this.#web = app
    this.#watch(name, app.exited)
    return app
  }

  #watch(what: string, exited: Promise<ExitStatus>): void {
    void exited.then(({ code, signal }) => {
      if (!this.#closing) this.#fail(new MtlscopeError('child-failed', `${what} has ended by itself: ${signal ?? `exit status ${code}`}`))
    })
  }
}

async function issueIdentities(): Promise<void> {
  const now = Date.now()
  const validity = { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + VALID_MS) }
  const ca = await CertificateAuthority.create(TRUST_DOMAIN, validity)
  writeFileSync(`${WORLD_FOLDER}/root.crt`, ca.certificatePem)
  await Promise.all(SHOP.filter((s) => s.sidecar).map(async ({ name }) => {
    const svid = await ca.issue({ spiffeId: spiffeIdOf(name), dnsNames: [name, `${name}.${TRUST_DOMAIN}`], ...validity })
    writeFileSync(`${WORLD_FOLDER}/${name}.crt`, svid.certificatePem)
    writeFileSync(`${WORLD_FOLDER}/${name}.key`, svid.privateKeyPem, { mode: 0o600 })
  }))
}
