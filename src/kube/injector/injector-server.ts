import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { METRICS_TYPE, MetricsPage } from '../../base/metrics-page.ts'
import { addProcessMetrics } from '../../base/process-metrics.ts'
import { drainServer, listenOn } from '../../identity/authority/listening.ts'
import type { InjectOptions } from '../inject/inject-pod.ts'
import { formatAdmissionReview, parseAdmissionReview } from './admission-review.ts'
import type { Admission } from './admit-pod.ts'
import { admitPod } from './admit-pod.ts'
import { InjectorCounters, addInjectorMetrics } from './injector-metrics.ts'

/** etcd takes objects of up to 1.5 MiB, and the API server requests of 3 MiB. */
export const MAX_REVIEW_BYTES = 4 * 1024 * 1024
/** Of all reviews that are being received. */
const MAX_HELD_BYTES = 32 * 1024 * 1024
const HANDSHAKE_TIMEOUT_MS = 5000
const HEADERS_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 10_000
/** The API server keeps its connections open for 90 s. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000
const MAX_CONNECTIONS = 512
const TLS = { minVersion: 'TLSv1.2' as const }

export interface KeyAndChain { readonly key: string, readonly cert: string }

export interface InjectorServerOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly inject: InjectOptions
  /** Undefined where it is ready; else why it is not. */
  notReady(): string | undefined
  /** Further metrics: of its certificate, and of who runs beside. */
  addMetrics?(page: MetricsPage): void
  /** After the answer: `namespace` is that of the pod. */
  decided(admission: Admission, namespace: string, isDryRun: boolean): void
}

export interface InjectorServer {
  readonly port: number
  /** For connections from now on. */
  renew(tls: KeyAndChain): void
  /** Says that it is not ready, and that connections are not to be kept, and goes on answering. */
  retire(): void
  /** Accepts nothing more; what is being answered has five seconds. */
  close(): Promise<void>
}

interface Reply { readonly status: number, readonly type: string, readonly body: string }

/** POST /inject for the API server, GET /healthz and /readyz for the kubelet, /metrics for Prometheus, over TLS. Throws 'cannot-listen'. */
export async function openInjectorServer(options: InjectorServerOptions, tls: KeyAndChain): Promise<InjectorServer> {
  const handler = new ReviewHandler(options)
  const server = createServer({
    ...TLS, ...tls, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS, noDelay: true,
  }, (request, response) => { void handler.respond(request, response) })
  server.maxConnections = MAX_CONNECTIONS
  await listenOn(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    renew: (next) => server.setSecureContext({ ...TLS, ...next }),
    retire: () => handler.retire(),
    close: () => drainServer(server),
  }
}

class ReviewHandler {
  readonly #options: InjectorServerOptions
  readonly #counters = new InjectorCounters()
  readonly #startedAtMs = Date.now()
  #heldBytes = 0
  #isRetired = false

  constructor(options: InjectorServerOptions) {
    this.#options = options
  }

  retire(): void {
    this.#isRetired = true
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {})
    response.on('error', () => {})
    const reply = await this.#replyTo(request)
    if (reply === undefined || response.destroyed) return
    const body = Buffer.from(reply.body)
    // What was not read of a refused body is not waited for.
    response.writeHead(reply.status, { 'content-type': reply.type, 'content-length': body.length, ...request.complete && !this.#isRetired ? {} : { connection: 'close' } })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  /** Undefined where the client has gone. */
  async #replyTo(request: IncomingMessage): Promise<Reply | undefined> {
    const path = (request.url ?? '').split('?', 1)[0]
    if (path === '/healthz') return plain(200, 'ok')
    if (path === '/readyz') {
      const why = this.#problem()
      return why === undefined ? plain(200, 'ok') : plain(503, why)
    }
    if (path === '/metrics') return { status: 200, type: METRICS_TYPE, body: this.#metrics() }
    if (path !== '/inject') return plain(404, 'there is /inject, /healthz, /readyz and /metrics')
    return request.method === 'POST' ? await this.#answerReview(request) : plain(405, 'use POST')
  }

  #problem(): string | undefined {
    return this.#isRetired ? 'it ends' : this.#options.notReady()
  }

  /** Counts and dates only: whoever reaches the port may read them. */
  #metrics(): string {
    const page = new MetricsPage()
    addInjectorMetrics(page, this.#counters, this.#problem() === undefined)
    this.#options.addMetrics?.(page)
    addProcessMetrics(page, this.#startedAtMs)
    return page.text()
  }

  async #answerReview(request: IncomingMessage): Promise<Reply | undefined> {
    const beganMs = performance.now()
    const body = await this.#read(request)
    const reply = body === undefined || 'status' in body ? body : this.#review(body)
    if (reply === undefined) return undefined
    const { bad, seconds } = this.#counters
    if (reply.status === 200) seconds.observe((performance.now() - beganMs) / 1000)
    else bad.set(reply.status, (bad.get(reply.status) ?? 0) + 1)
    return reply
  }

  #review(body: Buffer): Reply {
    const request = parseAdmissionReview(body)
    if (typeof request === 'string') return plain(400, `the body is ${request}`)
    const admission = admitPod(request, this.#options.inject)
    this.#counters.outcomes[admission.outcome]++
    this.#options.decided(admission, request.namespace, request.isDryRun)
    return { status: 200, type: 'application/json', body: formatAdmissionReview(request.uid, admission.answer) }
  }

  /** The whole body; a reply where it is too much, undefined where the client broke off. */
  async #read(request: IncomingMessage): Promise<Buffer | Reply | undefined> {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    try {
      return await new Promise((resolve) => {
        request.on('data', (chunk: Buffer) => {
          sizeBytes += chunk.length
          this.#heldBytes += chunk.length
          chunks.push(chunk)
          const isTooLarge = sizeBytes > MAX_REVIEW_BYTES
          if (!isTooLarge && this.#heldBytes <= MAX_HELD_BYTES) return
          request.pause()
          resolve(isTooLarge ? plain(413, `the body has more than ${MAX_REVIEW_BYTES} bytes`) : plain(503, 'too many reviews at a time'))
        })
        request.on('end', () => resolve(Buffer.concat(chunks)))
        request.on('close', () => resolve(undefined))
      })
    } finally {
      this.#heldBytes -= sizeBytes
    }
  }
}

function plain(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}
