import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { CertificateAuthority } from '../../src/identity/ca.ts'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { need } from '../require.ts'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** Far more than anything takes: on a busy machine a process alone takes seconds to start. */
const WAIT_MS = 60_000
const VALID_MS = 3_600_000

export type Engine = 'embedded' | 'envoy'
export interface LogLine { direction: string, security?: string, clientIdentity?: string, serverIdentity?: string, bytesSent: number, bytesReceived: number, reason: string, mode?: string, detail: string }

/** Of the configurations that a Mesh writes, where they say nothing of it; tests of a file come one after the other. */
let tunnel: 'auto' | 'off' = 'auto'

/** The same test for each engine, the embedded one with and without tunnels; skipped where Envoy is not there. */
export function forEachEngine(promise: string, body: (t: TestContext, engine: Engine) => Promise<void>): void {
  test(`embedded, a connection each: ${promise}`, async (t) => {
    tunnel = 'off'
    try {
      await body(t, 'embedded')
    } finally {
      tunnel = 'auto'
    }
  })
  forEitherEngine(promise, body)
}

/** For promises that have nothing to do with how connections travel. */
export function forEitherEngine(promise: string, body: (t: TestContext, engine: Engine) => Promise<void>): void {
  for (const engine of ['embedded', 'envoy'] as const) forEngine(engine, promise, body)
}

/** The same, both at once: for what waits most of its time. */
export function forBothEnginesAtOnce(promise: string, body: (t: TestContext, engine: Engine) => Promise<void>): void {
  describe(promise, { concurrency: true }, () => { forEitherEngine(promise, body) })
}

/** The same configuration, without tunnels where those are off. */
function withTunnel(yaml: string): string {
  return tunnel === 'auto' || yaml.includes('tunnel:') ? yaml : yaml.replaceAll(/\boutbound:( *\{|\n +)/g, (_, rest: string) => `outbound:${rest}${rest.endsWith('{') ? ' tunnel: off,' : `tunnel: off\n${rest.slice(1)}`}`)
}

export function forEngine(engine: Engine, promise: string, body: (t: TestContext, engine: Engine) => Promise<void>): void {
  test(`${engine}: ${promise}`, async (t) => {
    if (engine === 'envoy' && !need(t, 'peers', hasEnvoy(), 'envoy')) return
    await body(t, engine)
  })
}

function hasEnvoy(): boolean {
  try {
    return locateEnvoy() !== ''
  } catch {
    return false
  }
}

/** Names, certificates and processes of one test; all gone when it ends. */
export class Mesh {
  readonly folder: string
  readonly t: TestContext
  readonly #net: string
  #ca!: CertificateAuthority

  private constructor(t: TestContext) {
    this.t = t
    this.folder = mkdtempSync(join(tmpdir(), 'mtlscope-sidecar-'))
    this.#net = `127.${100 + (process.pid >> 16) % 50}.${process.pid >> 8 & 255}`
    t.after(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  static async create(t: TestContext): Promise<Mesh> {
    const mesh = new Mesh(t)
    mesh.#ca = await CertificateAuthority.create('shop.test', validity())
    return mesh
  }

  /** An address of loopback that nobody else uses: below the ephemeral ports. */
  address(): string {
    return `${this.#net}.${process.pid & 255}:${21_000 + made++ % 5000}`
  }

  /** Issues and writes the three files, each by rename; `name` is folder and last part of the identity. `from`: another CA, of which the bundle knows nothing. */
  async identity(name: string, options: { folder?: string, from?: CertificateAuthority, validForMs?: number } = {}): Promise<string> {
    const folder = join(this.folder, options.folder ?? name)
    mkdirSync(folder, { recursive: true })
    const svid = await (options.from ?? this.#ca).issue({ spiffeId: `spiffe://shop.test/${name}`, dnsNames: [name], ...validity(options.validForMs) })
    for (const [file, text] of [['key.pem', svid.privateKeyPem], ['certChain.pem', svid.certificatePem], ['mesh-ca.pem', this.#ca.certificatePem]] as const) {
      writeFileSync(join(folder, 'next'), text, { mode: 0o600 })
      renameSync(join(folder, 'next'), join(folder, file))
    }
    return folder
  }

  /** TLS options of a client with that identity. */
  async client(name: string, from?: CertificateAuthority, change: Partial<ReturnType<typeof validity>> = {}): Promise<ConnectionOptions> {
    const svid = await (from ?? this.#ca).issue({ spiffeId: `spiffe://shop.test/${name}`, dnsNames: [name], ...validity(), ...change })
    return { key: svid.privateKeyPem, cert: svid.certificatePem, ca: this.#ca.certificatePem, checkServerIdentity: () => undefined }
  }

  write(file: string, text: string): string {
    const path = join(this.folder, file)
    writeFileSync(`${path}.new`, file.endsWith('.yaml') ? withTunnel(text) : text)
    renameSync(`${path}.new`, path)
    return path
  }

  /** Starts a sidecar and waits until it is ready. */
  async sidecar(engine: Engine, name: string, yaml: string): Promise<SidecarProcess> {
    const admin = this.address()
    const file = this.write(`${name}.yaml`, `workload: ${name}\nadmin: "${admin}"\nidentity: { dir: ${name} }\n${yaml}`)
    const sidecar = new SidecarProcess(this.t, engine, file, admin)
    await sidecar.said('ready:')
    return sidecar
  }
}

let made = 0

function validity(validForMs = VALID_MS): { notBefore: Date, notAfter: Date } {
  return { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + validForMs) }
}

export function foreignAuthority(): Promise<CertificateAuthority> {
  return CertificateAuthority.create('shop.test', validity())
}

/** `mtlscope sidecar -o json` as its own process. */
export class SidecarProcess {
  readonly child: ChildProcess
  readonly file: string
  readonly admin: string
  readonly lines: LogLine[] = []
  stderr = ''
  #rest = ''
  /** It has ended, and everything that it said was read. */
  #isOver = false

  constructor(t: TestContext, engine: Engine, file: string, admin: string, prefix: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.file = file
    this.admin = admin
    const words = [...prefix, process.execPath, MAIN, 'sidecar', '-o', 'json', '--engine', engine, ...file === '' ? [] : ['--config', file]]
    this.child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    this.child.once('close', () => { this.#isOver = true })
    t.after(() => this.end())
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) this.lines.push(JSON.parse(line) as LogLine)
  }

  async until(what: string, condition: () => boolean | Promise<boolean>, waitMs = WAIT_MS): Promise<void> {
    for (const start = performance.now(); ;) {
      // Looked at before the condition is: what it says last may come with its end.
      const isOver = this.#isOver
      if (await condition()) return
      if (performance.now() - start > waitMs || (isOver && !what.startsWith('exit'))) throw new Error(`${what}: never came\n${this.stderr}\n${this.lines.map((line) => JSON.stringify(line)).join('\n')}`)
      await sleep(20)
    }
  }

  said(text: string): Promise<void> {
    return this.until(`'${text}'`, () => this.stderr.includes(text))
  }

  async line(what: string, fits: (line: LogLine) => boolean): Promise<LogLine> {
    await this.until(`a line: ${what}`, () => this.lines.some(fits))
    return this.lines.find(fits)!
  }

  /** Status and body of its admin endpoint. */
  ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<{ status: number, body: string }> {
    const [host, port] = this.admin.split(':')
    return new Promise((resolve, reject) => {
      const req = request({ host, port: Number(port), path, method, agent: false, headers }, (res) => {
        let body = ''
        res.setEncoding('utf8').on('data', (text: string) => { body += text })
        res.on('end', () => resolve({ status: res.statusCode!, body }))
      })
      req.on('error', reject)
      req.end()
    })
  }

  /** How it ended by itself, once all that it said was read. */
  async exit(): Promise<number | null> {
    await this.until('exit', () => this.#isOver)
    return this.child.exitCode
  }

  /** SIGTERM, and how it ended. */
  async end(): Promise<number | null> {
    if (!this.#isOver) {
      const closed = once(this.child, 'close')
      this.child.kill('SIGTERM')
      // A second one ends it at once.
      const timer = setTimeout(() => this.child.kill('SIGTERM'), 8000)
      await closed
      clearTimeout(timer)
    }
    return this.child.exitCode
  }
}

/** A TCP server that keeps what it heard; it answers each chunk with the same bytes, and an end with an end. */
export class EchoApp {
  readonly server: Server
  readonly sockets: Socket[] = []
  heard = 0

  private constructor() {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
      socket.on('data', (chunk) => { this.heard += chunk.length })
      socket.pipe(socket)
    })
  }

  static async open(t: TestContext, host = '127.0.0.1'): Promise<EchoApp> {
    const app = new EchoApp()
    app.server.listen(0, host)
    await once(app.server, 'listening')
    t.after(() => {
      for (const socket of app.sockets) socket.destroy()
      app.server.close()
    })
    return app
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }
}

/** What a TLS client hears back for `text`, or the code of the error that it ended with. */
export function callTls(address: string, options: ConnectionOptions, text = 'hello'): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connectTls({ host, port: Number(port), minVersion: 'TLSv1.3', ...options }, () => socket.end(text))
    let heard = ''
    let code: string | undefined
    socket.setTimeout(30_000, () => socket.destroy(new Error('timed out')))
    socket.setEncoding('utf8').on('data', (piece: string) => { heard += piece })
    socket.on('error', (error: NodeJS.ErrnoException) => { code = error.code ?? error.message })
    socket.on('close', () => resolve(code ?? heard))
  })
}

/** An open TLS connection. */
export async function openTls(address: string, options: ConnectionOptions): Promise<TLSSocket> {
  const [host, port] = address.split(':')
  const socket = connectTls({ host, port: Number(port), ...options })
  await once(socket, 'secureConnect')
  return socket
}
