import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LiveEvents } from '../model/api.ts'
import { checkFilter } from '../store/filter/filter.ts'
import type { Selection } from '../store/store.ts'
import type { Hub } from './hub.ts'
import type { Query } from './query.ts'
import { selectionOf, whole } from './query.ts'

/** Rows are sent at most so often, and a sign of life at least so often. */
const ROWS_MS = 200
const ALIVE_MS = 5000
const HEALTH_MS = 1000
/** More new rows than this are not sent: the list fetches what it shows. */
const MAX_ROWS = 200
const MAX_BACKLOG = 1000

export function addLiveRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/live', async ({ query, headers, raw }, reply) => {
    const after = lastEventId(headers['last-event-id']) ?? whole(query, 'after', 0, Number.MAX_SAFE_INTEGER)
    reply.hijack()
    const stream = new LiveStream(hub, reply, query)
    raw.socket.setNoDelay(true)
    await stream.run(after)
  })
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

/** One browser. It is asked of the store only once it has read what it got, so nothing is ever queued for it but one answer. */
class LiveStream {
  readonly #hub: Hub
  readonly #reply: FastifyReply
  readonly #selection: Selection
  #closed = false
  #wake: () => void = () => {}
  #changed = true

  constructor(hub: Hub, reply: FastifyReply, query: Query) {
    this.#hub = hub
    this.#reply = reply
    const { q, requests } = selectionOf(query)
    this.#selection = { ...(q !== undefined && { q }), ...(requests === true && { requests }) }
  }

  async run(after: number | undefined): Promise<void> {
    const { raw } = this.#reply
    const headers = { ...this.#reply.getHeaders() } as Record<string, string>
    raw.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    const check = checkFilter(this.#selection.q ?? '')
    if (!check.ok) {
      this.#write('problem', check.problem)
      raw.end()
      return
    }
    this.#hub.clients++
    const forget = [this.#hub.store.onChange(() => this.#tell()), this.#hub.onEnd(() => this.#tell())]
    raw.on('close', () => this.#close())
    raw.on('error', () => this.#close())
    try {
      await this.#loop(after)
    } catch {
      // The store was closed: the browser connects again, or finds nobody.
    } finally {
      this.#hub.clients--
      for (const stop of forget) stop()
      raw.end()
    }
  }

  #tell(): void {
    this.#changed = true
    this.#wake()
  }

  #close(): void {
    this.#closed = true
    this.#wake()
  }

  async #loop(after: number | undefined): Promise<void> {
    let lastId = after ?? (await this.#hub.store.info()).lastId
    let healthText = ''
    let healthMs = 0
    let aliveMs = performance.now()
    let ended = false
    while (!this.#closed) {
      if (this.#changed) {
        this.#changed = false
        const told = await this.#rows(lastId)
        if (told > lastId) aliveMs = performance.now()
        lastId = told
      }
      const nowMs = performance.now()
      if (nowMs - healthMs >= HEALTH_MS) {
        healthMs = nowMs
        healthText = await this.#health(healthText)
      }
      if (this.#hub.ended && !ended) ended = this.#write('end', {})
      if (nowMs - aliveMs >= ALIVE_MS) {
        aliveMs = nowMs
        this.#reply.raw.write(': alive\n\n')
      }
      await this.#drained()
      await this.#pause()
    }
  }

  async #rows(lastId: number): Promise<number> {
    const found = await this.#hub.store.newer(this.#selection, lastId, lastId === 0 ? MAX_BACKLOG : MAX_ROWS)
    if (found.skipped > 0) this.#write('skipped', { count: found.skipped, lastId: found.lastId })
    const rows = await this.#hub.views.rows(found.rows)
    const joined = await this.#hub.views.rows(found.joined ?? [])
    if (found.lastId > lastId) this.#write('rows', { rows, ...(joined.length > 0 && { joined }), stored: found.stored, furtherHops: found.furtherHops, ...(found.end !== undefined && { end: found.end }), ...(found.generation !== undefined && { generation: this.#hub.generation + found.generation }) }, found.lastId)
    return found.lastId
  }

  /** Sent where it differs from what was sent last. */
  async #health(before: string): Promise<string> {
    const health = await this.#hub.health()
    const text = JSON.stringify(health)
    if (text !== before) this.#write('health', health)
    return text
  }

  #write<E extends keyof LiveEvents>(event: E, data: LiveEvents[E], id?: number): true {
    if (!this.#closed) this.#reply.raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    return true
  }

  /** Waits until the browser has taken what was written. */
  async #drained(): Promise<void> {
    const { raw } = this.#reply
    while (raw.writableNeedDrain && !this.#closed) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          // What is stored meanwhile wakes this up, too: a browser that stays slow must not gather listeners.
          raw.off('drain', goOn)
          resolve()
        }
        this.#wake = goOn
        raw.once('drain', goOn)
      })
    }
  }

  /** Until something changed, but not too often. */
  async #pause(): Promise<void> {
    await sleep(ROWS_MS, (wake) => { this.#wake = wake }, () => this.#closed)
    if (!this.#changed) await sleep(HEALTH_MS - ROWS_MS, (wake) => { this.#wake = wake }, () => this.#closed || this.#changed)
  }
}

/** Sleeps until the time is over or `wake` is called while `isOver` holds. */
function sleep(ms: number, give: (wake: () => void) => void, isOver: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    timer.unref()
    give(() => {
      if (!isOver()) return
      clearTimeout(timer)
      resolve()
    })
  })
}
