import type { DatabaseSync } from 'node:sqlite'

/** What a store may hold. */
export interface Keep { readonly sizeBytes?: number, readonly ageSeconds?: number }

/** So much goes at once, so that it is not done at every write. */
const SHARE = 0.05
/** Flows without messages are looked for after so many removals. */
const SWEEP_EVERY = 32

/** Takes the oldest messages out, by whole pages. */
export class KeepBounds {
  readonly #db: DatabaseSync
  readonly #keep: Keep
  readonly #pageSize: number
  removedMessages = 0
  #removals = 0

  constructor(db: DatabaseSync, keep: Keep) {
    this.#db = db
    this.#keep = keep
    this.#pageSize = (db.prepare('PRAGMA page_size').get() as { page_size: number }).page_size
  }

  /** Bytes in use; pages that were freed are used again before the file grows. */
  usedBytes(): number {
    const { page_count: pages } = this.#db.prepare('PRAGMA page_count').get() as { page_count: number }
    const { freelist_count: free } = this.#db.prepare('PRAGMA freelist_count').get() as { freelist_count: number }
    return (pages - free) * this.#pageSize
  }

  /** True where messages went. @param nowMicros what ages are counted from */
  apply(nowMicros: number): boolean {
    const { sizeBytes, ageSeconds } = this.#keep
    let went = false
    while (sizeBytes !== undefined && this.usedBytes() > sizeBytes && this.removeOldest(SHARE)) went = true
    if (ageSeconds !== undefined) went = this.#removeBefore(nowMicros - ageSeconds * 1e6) || went
    return went
  }

  /** @param share of all messages */
  removeOldest(share: number): boolean {
    const bounds = this.#db.prepare('SELECT min(first_id) AS first, max(last_id) AS last FROM pages').get() as { first: number | null, last: number | null }
    if (bounds.first === null || bounds.last === null) return false
    const page = this.#db.prepare('SELECT last_id FROM pages WHERE first_id <= ? ORDER BY first_id DESC LIMIT 1').get(bounds.first + (bounds.last - bounds.first) * share) as { last_id: number }
    this.#removeTo(page.last_id)
    return true
  }

  #removeBefore(atMicros: number): boolean {
    const oldest = this.#db.prepare('SELECT last_at FROM pages ORDER BY first_id LIMIT 1').get() as { last_at: number } | undefined
    if (oldest === undefined || oldest.last_at >= atMicros) return false
    const young = this.#db.prepare('SELECT min(first_id) AS first FROM pages WHERE last_at >= ?').get(atMicros) as { first: number | null }
    const last = this.#db.prepare('SELECT max(last_id) AS last FROM pages').get() as { last: number }
    this.#removeTo(young.first === null ? last.last : young.first - 1)
    return true
  }

  #removeTo(lastId: number): void {
    let removed = 0
    this.#db.exec('BEGIN')
    try {
      this.#db.prepare('DELETE FROM pages WHERE last_id <= ?').run(lastId)
      // Where nothing is left, numbers go on from here.
      this.#db.prepare('INSERT OR REPLACE INTO facts VALUES(\'removed_to\', ?)').run(lastId)
      removed = Number(this.#db.prepare('DELETE FROM messages WHERE id <= ?').run(lastId).changes)
      if (++this.#removals % SWEEP_EVERY === 0) this.#db.exec('DELETE FROM flows WHERE id NOT IN (SELECT flow FROM messages)')
      this.#db.exec('COMMIT')
      this.removedMessages += removed
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }
}
