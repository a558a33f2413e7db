import type { JsonRecord } from '../model/api.ts'
import type { Micros } from '../model/time.ts'
import type { Store, StoredRow } from '../store/store.ts'
import { RequestJoiner } from './request-joiner.ts'

const AT_ONCE = 2000
const RECORDS_AT_ONCE = 500
/** What waits for its other hops is looked at so often. */
const TICK_MS = 100
/** Of a longer one this much is time in which something might have come. */
const LONGEST_TICK_MS = 2 * TICK_MS
/** Turns that wait to be looked at; of more the oldest are forgotten, and their requests are not joined over nodes. */
const MAX_TURNS = 50_000
/** A store that fails so often in a row is closed. */
const MAX_FAILURES = 20

/** Follows a store and tells it which messages are hops of one request; ends when the store does. */
export class JoinedRequests {
  readonly #store: Store
  readonly #isReading: () => boolean
  readonly #joiner = new RequestJoiner()
  #lookedTo: number | undefined
  #turns: JsonRecord[] = []
  #readMicros: Micros | undefined
  #quietMs = 0
  #tickedMs = performance.now()
  #changed = true
  #running = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #onEnd: (() => void) | undefined

  /** @param isReading whether files are, however long nothing comes of them */
  constructor(store: Store, isReading: () => boolean) {
    this.#store = store
    this.#isReading = isReading
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

  /** All that was captured by then has been added to the store: time is that from now on. Undefined: nobody tells it any more. */
  read(toMicros: Micros | undefined): void {
    this.#readMicros = toMicros
  }

  /** Nothing more is added: what waits for other hops has all that there are. Settles when the store knows which those are, or never will. */
  end(): Promise<void> {
    this.#readMicros = Infinity
    this.#changed = true
    const ended = new Promise<void>((resolve) => { this.#onEnd = resolve })
    this.#tellEnd()
    void this.#run()
    return ended
  }

  #tellEnd(): void {
    const isDecided = !this.#changed && !this.#joiner.isWaiting && this.#failures === 0
    if (isDecided || this.#failures > MAX_FAILURES) this.#onEnd?.()
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
    this.#tellEnd()
    if (!this.#changed && !this.#joiner.isWaiting && this.#failures === 0) return
    this.#timer = setTimeout(() => void this.#run(), TICK_MS)
    this.#timer.unref()
  }

  async #follow(): Promise<void> {
    // What was there before stands as it was left.
    this.#lookedTo ??= (await this.#store.decided()).upTo
    this.#tick()
    let readMicros = this.#readMicros
    // What was captured by then is found by who asks after it was told, not by who waits to be told of a change.
    for (let more = this.#changed || readMicros !== undefined; more;) {
      this.#changed = false
      readMicros = this.#readMicros
      const { rows, lastId, more: isMore } = await this.#store.unjoined(this.#lookedTo, AT_ONCE)
      await this.#add(rows)
      this.#lookedTo = lastId
      more = isMore
      if (more) await this.#tell(Math.min(this.#joiner.newestMicros, readMicros ?? Infinity))
    }
    await this.#tell(readMicros ?? this.#joiner.newestMicros + this.#quietMs * 1000)
  }

  async #add(rows: readonly StoredRow[]): Promise<void> {
    for (const turn of this.#turns.splice(0)) this.#joiner.addTurn(turn)
    if (rows.length > 0) this.#quietMs = 0
    this.#joiner.add(rows, await this.#recordsOf(rows.filter((row) => row.protocol === 'tls').map((row) => row.id)))
  }

  async #recordsOf(ids: readonly number[]): Promise<Map<number, JsonRecord>> {
    const records = new Map<number, JsonRecord>()
    for (let i = 0; i < ids.length; i += RECORDS_AT_ONCE) {
      for (const { row, line } of await this.#store.records(ids.slice(i, i + RECORDS_AT_ONCE))) records.set(row.id, JSON.parse(line) as JsonRecord)
    }
    return records
  }

  /** Where nobody tells the time it passes with what comes and, where nothing does, with these ticks: not with the clock, which goes on while this program is kept waiting. */
  #tick(): void {
    const nowMs = performance.now()
    this.#quietMs = this.#isReading() ? 0 : this.#quietMs + Math.min(nowMs - this.#tickedMs, LONGEST_TICK_MS)
    this.#tickedMs = nowMs
  }

  async #tell(nowMicros: Micros): Promise<void> {
    const found = this.#joiner.advance(nowMicros, this.#lookedTo!)
    const decided = await this.#store.decided()
    if (found.upTo > decided.upTo || found.ways.length > 0) await this.#store.join(found)
  }
}
