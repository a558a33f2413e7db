import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Address } from '../app-config.ts'

export interface Call {
  readonly method: string
  /** Between the slashes of the path, without the query. */
  readonly path: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
}

/** `body` is sent as JSON, a text as HTML. */
export interface Reply { status: number, body?: object | string }

const MAX_BODY_BYTES = 64 * 1024
/** Longer than any pause between two calls, so that connections last as they do between real services. */
const KEEP_ALIVE_MS = 60_000

/** A small HTTP/1.1 server. It knows nothing of TLS. Resolves when it accepts. */
export function serve(address: Address, answer: (call: Call) => Reply | Promise<Reply>): Promise<void> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => void handle(req, res, answer))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address.ip, port: address.port }, resolve)
  })
}

async function handle(req: IncomingMessage, res: ServerResponse, answer: (call: Call) => Reply | Promise<Reply>): Promise<void> {
  try {
    const path = new URL(req.url ?? '/', 'http://shop.test').pathname.split('/').filter(Boolean)
    send(res, await answer({ method: req.method ?? 'GET', path, body: await readJson(req) }))
  } catch (error) {
    send(res, { status: 502, body: { error: error instanceof Error ? error.message : 'failed' } })
  }
}

async function readJson(req: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const piece of req.setEncoding('utf8')) {
    text += piece as string
    if (text.length > MAX_BODY_BYTES) throw new Error('body too large')
  }
  const value: unknown = text === '' ? {} : JSON.parse(text)
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}

function send(res: ServerResponse, reply: Reply): void {
  const { status, body } = reply
  if (body === undefined) return void res.writeHead(status).end()
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json'
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
}
