import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { MtlscopeError } from '../../base/errors.ts'
import { METRICS_TYPE, MetricsPage } from '../../base/metrics-page.ts'
import { addProcessMetrics } from '../../base/process-metrics.ts'
import { DEFAULT_TTL_MILLIS } from '../lifetime.ts'
import type { Answer } from './answer.ts'
import { jsonAnswer, refusal } from './answer.ts'
import type { AuditSink } from './audit.ts'
import type { Authority } from './authority.ts'
import { CaCounters, addCaMetrics } from './ca-metrics.ts'
import type { Callers } from './callers.ts'
import { drainServer, listenOn } from './listening.ts'
import { iso } from './issuer.ts'
import { planServerNames, ServerCertificate } from './server-certificate.ts'
import { MAX_BODY_BYTES } from './sign-body.ts'
import { SignService } from './sign-service.ts'

const HANDSHAKE_TIMEOUT_MS = 5000
const HEADERS_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_TIMEOUT_MS = 5000
const CHECK_INTERVAL_MS = 1000
const MAX_HEADER_BYTES = 8 * 1024
const MAX_CONNECTIONS = 512
const MAX_REQUESTS_PER_CONNECTION = 100
const UPKEEP_INTERVAL_MS = 30_000
const TLS = { minVersion: 'TLSv1.3' as const }

export interface CaServerOptions {
  readonly authority: Authority
  readonly callers: Callers
  readonly audit: AuditSink
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  /** Further names and addresses that clients dial. */
  readonly names: readonly string[]
  /** Of each caller. */
  readonly requestsPerMinute: number
  readonly defaultTtlMillis?: number
  /** How often the CA is looked at when nobody asks for anything; 30 s where left out. */
  readonly upkeepIntervalMs?: number
  /** Further metrics, of who knows the callers and of what is done beside. */
  addMetrics?(page: MetricsPage): void
  /** Milliseconds since 1970. */
  now(): number
  /** Something is wrong, and serving goes on. */
  warn(text: string): void
}

export interface CaServer {
  readonly host: string
  readonly port: number
  /** Accepts nothing more; what is being answered has five seconds. */
  close(): Promise<void>
}

interface Parts { readonly options: CaServerOptions, readonly service: SignService, readonly certificate: ServerCertificate, readonly counters: CaCounters, readonly startedAtMillis: number }

/** Serves the API of docs/ca.md over TLS 1.3. Throws 'ca-state', 'cannot-write', 'cannot-listen'. */
export async function openCaServer(options: CaServerOptions): Promise<CaServer> {
  const { authority, callers, audit, host, now } = options
  const defaultTtlMillis = options.defaultTtlMillis ?? DEFAULT_TTL_MILLIS
  const { limits } = await authority.current(now())
  await callers.check()
  const certificate = new ServerCertificate(planServerNames(host, options.names, limits.dnsDomains), defaultTtlMillis, audit)
  const first = await certificate.renew(authority, now())
  const service = new SignService({ authority, callers, audit, requestsPerMinute: options.requestsPerMinute, defaultTtlMillis })
  const parts = { options, service, certificate, counters: new CaCounters(), startedAtMillis: now() }
  const server = openServer(parts, { ...TLS, ...first })
  await listenOn(server, options)
  const timer = setInterval(() => { void keepUp(server, certificate, options) }, options.upkeepIntervalMs ?? UPKEEP_INTERVAL_MS)
  const { port } = server.address() as AddressInfo
  return { host, port, close: () => { clearInterval(timer); return drainServer(server) } }
}

function openServer(parts: Parts, tls: object): Server {
  const server = createServer({
    ...tls, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS, maxHeaderSize: MAX_HEADER_BYTES,
  }, (request, response) => { void respond(parts, request, response) })
  server.maxConnections = MAX_CONNECTIONS
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION
  return server
}

/** The CA may need something done though nobody asks; its server's certificate follows. */
async function keepUp(server: Server, certificate: ServerCertificate, { authority, now, warn }: CaServerOptions): Promise<void> {
  try {
    const renewed = await certificate.renew(authority, now())
    if (renewed !== undefined) server.setSecureContext({ ...TLS, ...renewed })
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    warn(`the server's certificate is not renewed: ${error.message}`)
  }
}

async function respond(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that breaks off is no event for the server.
  request.on('error', () => {})
  response.on('error', () => {})
  const answer = await answerTo(parts, request)
  if (answer === undefined || response.destroyed) return
  // What was not read of a refused body is not waited for.
  const close = request.complete ? {} : { connection: 'close' }
  const body = Buffer.from(answer.body)
  response.writeHead(answer.status, { 'content-type': answer.type, 'content-length': body.length, 'cache-control': 'no-store', ...answer.headers, ...close })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Undefined where the client has gone. */
async function answerTo(parts: Parts, request: IncomingMessage): Promise<Answer | undefined> {
  const path = (request.url ?? '').split('?', 1)[0]!
  const route = ROUTES[path]
  if (route === undefined) return refusal(404, 'not-found', 'there is /v1/sign, /v1/bundle, /healthz and /metrics')
  if (!route.methods.includes(request.method ?? '')) return refusal(405, 'not-allowed', `use ${route.methods[0]}`, { allow: route.methods.join(', ') })
  try {
    return await route.answer(parts, request)
  } catch (error) {
    if (error === GONE) return undefined
    if (!(error instanceof MtlscopeError)) throw error
    return refusal(503, error.code, error.message)
  }
}

interface Route { readonly methods: readonly string[], answer(parts: Parts, request: IncomingMessage): Promise<Answer> }

const ROUTES: Readonly<Record<string, Route>> = Object.assign(Object.create(null) as Record<string, Route>, {
  '/v1/sign': { methods: ['POST'], answer: sign },
  '/v1/bundle': { methods: ['GET', 'HEAD'], answer: bundle },
  '/healthz': { methods: ['GET', 'HEAD'], answer: health },
  '/metrics': { methods: ['GET', 'HEAD'], answer: metrics },
})

async function sign({ options, service, counters }: Parts, request: IncomingMessage): Promise<Answer> {
  const { remoteAddress, remotePort } = request.socket
  const beganMs = performance.now()
  const answer = await service.sign({ authorization: request.headers.authorization, remote: `${remoteAddress} ${remotePort}`, readBody: () => readBody(request) }, options.now())
  counters.answered(answer.status, (performance.now() - beganMs) / 1000)
  return answer
}

async function bundle({ options: { authority, now } }: Parts): Promise<Answer> {
  return { status: 200, type: 'application/pem-certificate-chain', body: (await authority.current(now())).bundlePem }
}

async function health({ options: { authority, callers, now } }: Parts): Promise<Answer> {
  const issuer = await authority.current(now())
  issuer.requireValid(now())
  await callers.check()
  return jsonAnswer(200, { status: 'ok', trustDomain: issuer.state.trustDomain, intermediateExpiresAt: iso(issuer.notAfterMillis) })
}

/** Counts and dates only: whoever reaches the port may read them. */
async function metrics({ options: { authority, addMetrics, now }, certificate, counters, startedAtMillis }: Parts): Promise<Answer> {
  const { rootNotAfterMillis, notAfterMillis } = await authority.current(now())
  const page = new MetricsPage()
  addCaMetrics(page, counters, { root: rootNotAfterMillis, intermediate: notAfterMillis, server: certificate.notAfterMillis })
  addMetrics?.(page)
  addProcessMetrics(page, startedAtMillis)
  return { status: 200, type: METRICS_TYPE, body: page.text() }
}

const GONE = Symbol('the client broke off')

/** Undefined where it is larger than MAX_BODY_BYTES, of which no more is kept. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  return await new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk)
      else { request.pause(); resolve(undefined) }
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.on('close', () => reject(GONE))
  })
}
