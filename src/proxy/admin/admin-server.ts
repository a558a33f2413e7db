import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { MtlscopeError } from '../../base/errors.ts'
import { jsonText } from '../../base/json-text.ts'
import { formatHostPort } from '../config/addresses.ts'
import type { HostPort } from '../sidecar-plan.ts'
import type { TapReader } from '../tap/tap-streams.ts'
import { METRICS_TYPE } from '../../base/metrics-page.ts'

/** What the admin endpoint asks of the sidecar. */
export interface AdminTarget {
  /** Undefined: ready. Otherwise why not. */
  notReady(): string | undefined
  metrics(): Promise<string>
  config(): object
  /** Undefined where the engine cannot list them. */
  connections(): Promise<object | undefined>
  /** Begins the orderly end. */
  quit(): void
  /** Undefined: the reader gets the plaintext that passes, until `untap`. Otherwise why not. */
  tap(reader: TapReader): TapRefusal | undefined
  untap(reader: TapReader): void
}

export interface AdminServer {
  readonly address: HostPort
  close(): void
}

const REQUEST_TIMEOUT_MS = 5000
const MAX_CONNECTIONS = 64
const PATHS = ['/healthz', '/readyz', '/metrics', '/config', '/connections', '/tap']
/** A name that an attacker's page was given for 127.0.0.1 must not work: DNS rebinding. */
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/

type Answer = readonly [status: number, type: string, body: string]
export type TapRefusal = 'turned-off' | 'cannot'

const NOT_LOCAL = text(403, 'the Host header must name a loopback address')
const TAP_REFUSED: Record<TapRefusal, Answer> = {
  'turned-off': text(403, 'the tap is off; it needs tap: true in the configuration'),
  'cannot': text(501, 'this engine cannot hand out what passes'),
}
/** https://www.iana.org/assignments/media-types has none for pcapng; this is what servers of captures use. */
const PCAPNG_TYPE = 'application/x-pcapng'

/** Opens the admin endpoint. Throws 'cannot-listen' where the address is taken or not permitted. */
export async function openAdmin(address: HostPort, target: AdminTarget): Promise<AdminServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 }, (request, response) => {
    request.resume()
    if (pathOf(request) === '/tap') return stream(request, response, target)
    answer(request, target).then((made) => send(response, made, request.method === 'HEAD'), (error: Error) => send(response, [500, 'text/plain', `${error.message}\n`], false)).catch(() => response.destroy())
  })
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, address)
  return {
    address,
    close: () => {
      server.close()
      server.closeIdleConnections()
    },
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0]!
}

function listen(server: Server, address: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new MtlscopeError('cannot-listen', `cannot listen on ${formatHostPort(address)} for the admin endpoint: ${cause.code}`, {
      cause, hint: cause.code === 'EADDRINUSE' ? 'another process has that port; give it another one with admin' : 'see admin in docs/sidecar.md',
    })))
    server.listen({ host: address.host, port: address.port }, resolve)
  })
}

async function answer(request: IncomingMessage, target: AdminTarget): Promise<Answer> {
  const path = pathOf(request)
  if (!LOCAL_HOST.test(request.headers.host ?? '')) return NOT_LOCAL
  if (path === '/quitquitquit') return quit(request, target)
  if (!PATHS.includes(path)) return text(404, `there are: ${PATHS.join(' ')}, and POST /quitquitquit`)
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET only')
  if (path === '/healthz') return text(200, 'ok')
  if (path === '/metrics') return [200, METRICS_TYPE, await target.metrics()]
  if (path === '/config') return json(200, target.config())
  if (path === '/connections') {
    const list = await target.connections()
    return list === undefined ? text(501, 'this engine cannot list its connections') : json(200, list)
  }
  const why = target.notReady()
  return why === undefined ? text(200, 'ready') : text(503, why)
}

/** `/tap`: a capture that goes on until the reader or the sidecar ends. */
function stream(request: IncomingMessage, response: ServerResponse, target: AdminTarget): void {
  const refused = refuseStream(request)
  if (refused !== undefined) return send(response, refused, false)
  const reader: TapReader = {
    get pendingBytes() { return response.writableLength },
    write: (bytes) => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': PCAPNG_TYPE, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      response.write(bytes)
    },
    end: () => void response.end(),
  }
  response.once('close', () => target.untap(reader))
  response.on('error', () => {})
  const why = target.tap(reader)
  if (why !== undefined) send(response, TAP_REFUSED[why], false)
}

function refuseStream(request: IncomingMessage): Answer | undefined {
  if (!LOCAL_HOST.test(request.headers.host ?? '')) return NOT_LOCAL
  if (request.method !== 'GET') return text(405, 'GET only')
  return request.headers.origin === undefined && request.headers['sec-fetch-site'] === undefined ? undefined : text(403, 'not from a browser')
}

function quit(request: IncomingMessage, target: AdminTarget): Answer {
  if (request.method !== 'POST') return text(405, 'POST only')
  // A page in a browser sends this header with every POST to another site.
  if (request.headers.origin !== undefined) return text(403, 'not from a browser')
  target.quit()
  return text(200, 'draining')
}

function text(status: number, body: string): Answer {
  return [status, 'text/plain; charset=utf-8', `${body}\n`]
}

function json(status: number, body: object): Answer {
  return [status, 'application/json', `${jsonText(body)}\n`]
}

function send(response: ServerResponse, [status, type, body]: Answer, headOnly: boolean): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(headOnly ? undefined : body)
}
