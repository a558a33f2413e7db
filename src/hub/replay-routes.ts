import { createHash, randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ConfirmAnswer, JsonRecord, ReplayAnswer, ReplayRequest, ReplayToken } from '../model/api.ts'
import type { Redactor } from '../protocols/redaction.ts'
import { redactorOf } from '../protocols/redaction.ts'
import { bodyString } from '../store/body-bytes.ts'
import { pairs } from '../store/har.ts'
import type { Hub } from './hub.ts'
import { diffLines } from './line-diff.ts'
import { idOf, recordOf } from './message-routes.ts'
import { ApiProblem, badRequest } from './problem.ts'
import type { ReplayPlan } from './replay-plan.ts'
import { planReplay } from './replay-plan.ts'
import type { ReplayedAnswer } from './replay-send.ts'
import { sendReplay } from './replay-send.ts'

const TOKEN_MICROS = 60e6
const MAX_TOKENS = 100
const MAX_AT_ONCE = 5

export function addReplayRoutes(app: FastifyInstance, hub: Hub): void {
  const confirmed = new Confirmed()
  let underWay = 0
  app.post<{ Body: unknown }>('/replay/confirm', async ({ body }): Promise<ConfirmAnswer> => {
    const { plan } = await planOf(hub, body)
    return { ...confirmed.confirm(plan), target: `${plan.ip}:${plan.port}`, summary: `${plan.method} ${plan.path} to ${plan.ip} port ${plan.port}, ${plan.body.length} bytes of body`, warnings: plan.warnings }
  })
  app.post<{ Body: unknown }>('/replay', async ({ body }): Promise<ReplayAnswer> => {
    const { plan, record } = await planOf(hub, body)
    if (!confirmed.take(String((body as Partial<ReplayToken>).token ?? ''), plan)) throw new ApiProblem(403, 'forbidden', 'this request was not confirmed', 'ask /replay/confirm first, with the same request')
    if (underWay >= MAX_AT_ONCE) throw new ApiProblem(429, 'busy', `${MAX_AT_ONCE} replays are under way`, 'wait for their answers')
    underWay++
    try {
      return replayAnswer(record, await sendReplay(plan), redactorOf(hub.options.redaction))
    } finally {
      underWay--
    }
  })
}

async function planOf(hub: Hub, body: unknown): Promise<{ plan: ReplayPlan, record: JsonRecord }> {
  if (hub.options.replay !== true) throw new ApiProblem(403, 'forbidden', 'this hub does not replay')
  if (!isReplayRequest(body)) throw badRequest('the body is no replay request')
  const { record } = await recordOf(hub, idOf(String(body.message)))
  return { plan: planReplay(record, body), record }
}

function isReplayRequest(body: unknown): body is ReplayRequest {
  if (typeof body !== 'object' || body === null) return false
  const { message, method, path, headers, body: text } = body as Record<string, unknown>
  const areHeaders = headers === undefined || (Array.isArray(headers) && headers.every((h: unknown) => typeof (h as { name?: unknown } | null)?.name === 'string' && typeof (h as { value?: unknown }).value === 'string'))
  return typeof message === 'number' && areHeaders && [method, path, text].every((value) => value === undefined || typeof value === 'string')
}

/** Tokens that were given out: each for one request as it was shown, once, for a minute. */
class Confirmed {
  readonly #tokens = new Map<string, { readonly digest: string, readonly expiresMicros: number }>()

  confirm(plan: ReplayPlan): { token: string, expiresMicros: number } {
    const token = randomBytes(18).toString('base64url')
    const expiresMicros = Date.now() * 1000 + TOKEN_MICROS
    if (this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!)
    this.#tokens.set(token, { digest: digestOf(plan), expiresMicros })
    return { token, expiresMicros }
  }

  take(token: string, plan: ReplayPlan): boolean {
    const known = this.#tokens.get(token)
    this.#tokens.delete(token)
    return known !== undefined && known.expiresMicros > Date.now() * 1000 && known.digest === digestOf(plan)
  }
}

function digestOf({ protocol, ip, port, tlsName, method, path, headers, body }: ReplayPlan): string {
  return createHash('sha256').update(JSON.stringify([protocol, ip, port, tlsName, method, path, headers, body.toString('base64')])).digest('base64')
}

function replayAnswer(record: JsonRecord, answer: ReplayedAnswer, redactor: Redactor): ReplayAnswer {
  const headers = redacted(answer.headers, redactor)
  const trailers = redacted(answer.trailers, redactor)
  const body = shownBody(answer.body, headers, redactor)
  const grpcStatus = [...trailers, ...headers].find(({ name }) => name.toLowerCase() === 'grpc-status')?.value
  const response = record.response ?? {}
  const before = linesOf(String(response.status ?? record.status ?? 'no answer'), pairs(response.headers), response.body as Readonly<Record<string, unknown>> | undefined)
  return {
    status: grpcStatus === undefined ? answer.status : `grpc-status ${grpcStatus}`, elapsedMicros: answer.elapsedMicros, headers, ...(trailers.length > 0 && { trailers }),
    ...(body && { body }), bodyBytes: answer.bodyBytes, diff: diffLines(before, linesOf(String(answer.status), headers, body)),
  }
}

function redacted(list: ReplayedAnswer['headers'], redactor: Redactor): { name: string, value: string }[] {
  return list.map(({ name, value }) => ({ name, value: redactor.header(name.toLowerCase(), value) }))
}

function shownBody(bytes: Buffer, headers: readonly { name: string, value: string }[], redactor: Redactor): Readonly<Record<string, unknown>> | undefined {
  if (bytes.length === 0) return undefined
  const text = bytes.toString('utf8')
  if (text.includes('\0') || !Buffer.from(text).equals(bytes)) return { base64: bytes.toString('base64') }
  const shown = redactor.text(text)
  if (headers.some(({ name, value }) => name.toLowerCase() === 'content-type' && /json/i.test(value))) {
    try {
      return { json: JSON.parse(shown) as unknown }
    } catch {
      // Says it is JSON and is none.
    }
  }
  return { text: shown }
}

/** An answer as lines that compare well: headers by name, JSON spread out. */
function linesOf(status: string, headers: readonly { name: string, value: string }[], body: Readonly<Record<string, unknown>> | undefined): string[] {
  const sorted = headers.map(({ name, value }) => `${name.toLowerCase()}: ${value}`).sort()
  const text = body === undefined ? '' : body.json !== undefined ? JSON.stringify(body.json, undefined, 2) : bodyString(body) ?? String(body.base64 ?? '')
  return [status, ...sorted, '', ...text.split('\n')]
}
