import type { JsonRecord } from '../model/api.ts'
import type { Store, StoredRow } from '../store/store.ts'
import { RequestJoiner } from './request-joiner.ts'

const AT_ONCE = 2000
const RECORDS_AT_ONCE = 500
/** What waits for its other hops is looked at so often. */
const TICK_MS = 100
/** Turns that wait to be looked at; of more the oldest are forgotten, and their requests are not joined over nodes. */
const MAX_TURNS = 50_000
/** A store that fails so often in a row is closed. */
const MAX_FAILURES = 20

/** Follows a store and tells it which messages are hops of one request; ends when the store does. */
export class JoinedRequests {
  readonly #store: Store
  readonly #joiner = new RequestJoiner()
  #lookedTo: number | undefined
  #turns: JsonRecord[] = []
  #addedMs = performance.now()
  #changed = true
  #running = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store) {
    this.#store = store
    store.onChange(() => {
      this.#changed = true
      void this.#run()
    })
    void this.#run()
  }

  /** Turns of ciphertext, which are not in the store. */
  addTurns(records: readonly JsonRecord[]): void {
    this.#turns.push(...records)
    if (this.#turns.length > MAX_TURNS) this.#turns.splice(0, this.#turns.length - MAX_TURNS)
    this.#changed = true
    void this.#run()
  }

  async #run(): Promise<void> {
    if (this.#running || this.#failures > MAX_FAILURES) return
    this.#running = true
    clearTimeout(this.#timer)
    try {
      await this.#follow()
      this.#failures = 0
    } catch {
      this.#failures++
    }
    this.#running = false
    if (!this.#changed && !this.#joiner.isWaiting && this.#failures === 0) return
    this.#timer = setTimeout(() => void this.#run(), TICK_MS)
    this.#timer.unref()
  }

  async #follow(): Promise<void> {
    // What was there before stands as it was left.
    this.#lookedTo ??= (await this.#store.decided()).upTo
    for (let more = this.#changed; more;) {
      this.#changed = false
      const { rows, lastId, more: isMore } = await this.#store.unjoined(this.#lookedTo, AT_ONCE)
      await this.#add(rows)
      this.#lookedTo = lastId
      more = isMore
      if (more) await this.#tell()
    }
    await this.#tell()
  }

  async #add(rows: readonly StoredRow[]): Promise<void> {
    for (const turn of this.#turns.splice(0)) this.#joiner.addTurn(turn)
    if (rows.length > 0) this.#addedMs = performance.now()
    const records = await this.#recordsOf(rows.filter((row) => row.protocol === 'tls').map((row) => row.id))
    for (const row of rows) this.#joiner.add(row, records.get(row.id))
  }

  async #recordsOf(ids: readonly number[]): Promise<Map<number, JsonRecord>> {
    const records = new Map<number, JsonRecord>()
    for (let i = 0; i < ids.length; i += RECORDS_AT_ONCE) {
      for (const { row, line } of await this.#store.records(ids.slice(i, i + RECORDS_AT_ONCE))) records.set(row.id, JSON.parse(line) as JsonRecord)
    }
    return records
  }

  /** Time passes with the capture and, where that is quiet, with the clock. */
  async #tell(): Promise<void> {
    const quietMicros = (performance.now() - this.#addedMs) * 1000
    const found = this.#joiner.advance(this.#joiner.newestMicros + quietMicros, this.#lookedTo!)
    const decided = await this.#store.decided()
    if (found.upTo > decided.upTo || found.ways.length > 0) await this.#store.join(found)
  }
}
