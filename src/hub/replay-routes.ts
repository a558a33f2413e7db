import { createHash, randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ConfirmAnswer, JsonRecord, ReplayAnswer, ReplayRequest, ReplayToken } from '../model/api.ts'
import type { Hub } from './hub.ts'
import { idOf, recordOf } from './message-routes.ts'
import { ApiProblem, badRequest } from './problem.ts'
import { replayAnswer } from './replay-answer.ts'
import type { EncodeMessage, ReplayPlan } from './replay-plan.ts'
import { planReplay } from './replay-plan.ts'
import { sendReplay } from './replay-send.ts'

const TOKEN_MICROS = 60e6
const MAX_TOKENS = 100
const MAX_AT_ONCE = 5

export function addReplayRoutes(app: FastifyInstance, hub: Hub): void {
  const confirmed = new Confirmed()
  let underWay = 0
  app.post<{ Body: unknown }>('/replay/confirm', async ({ body }): Promise<ConfirmAnswer> => {
    if (hub.cluster !== undefined && hub.replays) return await hub.cluster.sendReplay('/replay/confirm', body) as ConfirmAnswer
    const { plan } = await planOf(hub, body)
    return { ...confirmed.confirm(plan), target: `${plan.ip}:${plan.port}`, summary: `${plan.method} ${plan.path} to ${plan.ip} port ${plan.port}, ${plan.body.length} bytes of body`, warnings: plan.warnings }
  })
  app.post<{ Body: unknown }>('/replay', async ({ body }): Promise<ReplayAnswer> => {
    if (hub.cluster !== undefined && hub.replays) return await hub.cluster.sendReplay('/replay', body) as ReplayAnswer
    const { plan, record } = await planOf(hub, body)
    if (!confirmed.take(String((body as Partial<ReplayToken>).token ?? ''), plan)) throw new ApiProblem(403, 'forbidden', 'this request was not confirmed', 'ask /replay/confirm first, with the same request')
    if (underWay >= MAX_AT_ONCE) throw new ApiProblem(429, 'busy', `${MAX_AT_ONCE} replays are under way`, 'wait for their answers')
    underWay++
    try {
      return await replayAnswer(record, plan, await sendReplay(plan), hub.options)
    } finally {
      underWay--
    }
  })
}

async function planOf(hub: Hub, body: unknown): Promise<{ plan: ReplayPlan, record: JsonRecord }> {
  if (!hub.replays) throw new ApiProblem(403, 'forbidden', 'this hub does not replay')
  if (!isReplayRequest(body)) throw badRequest('the body is no replay request')
  const { record } = await recordOf(hub, idOf(String(body.message)))
  return { plan: planReplay(record, body, await encoderOf(hub, record)), record }
}

/** What reads descriptors is loaded where a call of gRPC is replayed, and nowhere else. */
async function encoderOf({ options }: Hub, { protocol }: JsonRecord): Promise<EncodeMessage> {
  if (protocol !== 'grpc') return () => { throw badRequest('this is no message of gRPC') }
  const { MessageEncoding } = await import('../capture/message-encoding.ts')
  const encoding = new MessageEncoding(options.schemas?.descriptorSets ?? [])
  return (typeName, json) => {
    const encoded = encoding.encode(typeName, json)
    if (!encoded.ok) throw badRequest(encoded.problem, 'or give its bytes: body in base64, bodyBase64: true')
    return encoded.bytes
  }
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
