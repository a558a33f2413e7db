import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { ApiProblem } from './problem.ts'
import type { ReplayPlan } from './replay-plan.ts'

const TIMEOUT_MS = 10_000
export const MAX_ANSWER_BYTES = 1024 * 1024

/** What came back; of a longer body the first MiB. */
export interface ReplayedAnswer {
  readonly status: number
  readonly headers: readonly { readonly name: string, readonly value: string }[]
  readonly trailers: readonly { readonly name: string, readonly value: string }[]
  readonly body: Buffer
  readonly bodyBytes: number
  readonly elapsedMicros: number
}

/** Sends a request once; redirects are answers. Throws ApiProblem 502 where none comes. */
export async function sendReplay(plan: ReplayPlan): Promise<ReplayedAnswer> {
  try {
    return plan.protocol === 'http1' ? await sendHttp1(plan) : await sendHttp2(plan)
  } catch (error) {
    if (error instanceof ApiProblem) throw error
    throw new ApiProblem(502, 'replay-failed', `no answer: ${(error as Error).message}`, `is ${plan.ip} port ${plan.port} reachable from here?`)
  }
}

/** Gathers a body, of which so much is kept. */
class Gathered {
  readonly #chunks: Buffer[] = []
  #kept = 0
  bytes = 0

  add(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.#kept >= MAX_ANSWER_BYTES) return
    const part = chunk.subarray(0, MAX_ANSWER_BYTES - this.#kept)
    this.#kept += part.length
    this.#chunks.push(part)
  }

  body(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

function sendHttp1(plan: ReplayPlan): Promise<ReplayedAnswer> {
  const { ip: host, port, method, path, body, tlsName } = plan
  const named = plan.headers.some(({ name }) => name.toLowerCase() === 'host')
  const headers = [...(named ? [] : ['Host', `${host.includes(':') ? `[${host}]` : host}:${port}`]), ...plan.headers.flatMap(({ name, value }) => [name, value]), ...(body.length > 0 || method === 'POST' || method === 'PUT' ? ['Content-Length', String(body.length)] : []), 'Connection', 'close']
  const options = { host, port, method, path, headers, setHost: false, agent: false as const, signal: AbortSignal.timeout(TIMEOUT_MS) }
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const answered = (answer: IncomingMessage): void => {
      const elapsedMicros = Math.round((performance.now() - startedMs) * 1000)
      const gathered = new Gathered()
      answer.on('data', (chunk: Buffer) => gathered.add(chunk))
      answer.on('error', reject)
      answer.on('end', () => resolve({
        status: answer.statusCode ?? 0, headers: rawPairs(answer.rawHeaders), trailers: rawPairs(answer.rawTrailers), body: gathered.body(), bodyBytes: gathered.bytes, elapsedMicros,
      }))
    }
    // The captured server is asked again, whoever it says it is: the user was told.
    const sent = tlsName === undefined ? httpRequest(options, answered) : httpsRequest({ ...options, rejectUnauthorized: false, servername: tlsName }, answered)
    sent.on('error', reject)
    sent.end(body)
  })
}

function sendHttp2(plan: ReplayPlan): Promise<ReplayedAnswer> {
  const { ip, port, method, path, body, tlsName } = plan
  const host = `${ip.includes(':') ? `[${ip}]` : ip}:${port}`
  const session = http2.connect(`${tlsName === undefined ? 'http' : 'https'}://${host}`, tlsName === undefined ? {} : { rejectUnauthorized: false, servername: tlsName })
  const startedMs = performance.now()
  return new Promise<ReplayedAnswer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('nothing came within 10 s')), TIMEOUT_MS)
    session.on('error', reject)
    session.on('close', () => clearTimeout(timer))
    const authority = plan.headers.find(({ name }) => name.toLowerCase() === 'host')?.value ?? host
    const headers: http2.OutgoingHttpHeaders = { ':method': method, ':path': path, ':authority': authority, ...(plan.protocol === 'grpc' && { te: 'trailers' }) }
    for (const { name, value } of plan.headers) if (name.toLowerCase() !== 'host') headers[name.toLowerCase()] = value
    const stream = session.request(headers, { endStream: body.length === 0 })
    const gathered = new Gathered()
    let answer: Pick<ReplayedAnswer, 'status' | 'headers' | 'elapsedMicros'> = { status: 0, headers: [], elapsedMicros: 0 }
    let trailers: ReplayedAnswer['trailers'] = []
    stream.on('response', (got) => { answer = { status: Number(got[':status']), headers: pairsOf(got), elapsedMicros: Math.round((performance.now() - startedMs) * 1000) } })
    stream.on('trailers', (got) => { trailers = pairsOf(got) })
    stream.on('data', (chunk: Buffer) => gathered.add(chunk))
    stream.on('error', reject)
    stream.on('end', () => resolve({ ...answer, trailers, body: gathered.body(), bodyBytes: gathered.bytes }))
    if (body.length > 0) stream.end(body)
  }).finally(() => session.destroy())
}

function rawPairs(raw: readonly string[]): { name: string, value: string }[] {
  return Array.from({ length: raw.length / 2 }, (_, i) => ({ name: raw[i * 2]!, value: raw[i * 2 + 1]! }))
}

function pairsOf(headers: http2.IncomingHttpHeaders): { name: string, value: string }[] {
  return Object.entries(headers).filter(([name]) => !name.startsWith(':')).flatMap(([name, value]) => [value ?? ''].flat().map((one) => ({ name, value: one })))
}
