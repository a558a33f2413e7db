import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RecordColumns } from './record-columns.ts'

/** Flows whose number is remembered; a flow that comes again after that many others gets a second number. */
const MAX_KNOWN = 100_000

/** The flows of this run, by the id that their messages carry. */
export class KnownFlows {
  readonly #run: string
  readonly #numbers = new Map<string, number>()
  readonly #insert: StatementSync
  readonly #handshake: StatementSync
  #next: number

  /** @param run tells flows of one run of the program from those of another, whose ids may be the same */
  constructor(db: DatabaseSync, run: string) {
    this.#run = run
    this.#insert = db.prepare('INSERT INTO flows VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,-1)')
    this.#handshake = db.prepare('UPDATE flows SET handshake = ? WHERE id = ? AND handshake = -1')
    this.#next = (db.prepare('SELECT coalesce(max(id), 0) + 1 AS next FROM flows').get() as { next: number }).next
  }

  /** The number of the record's flow, which is written where it is new. */
  numberOf(record: RecordColumns, messageId: number): number {
    const known = this.#numbers.get(record.flow)
    if (known !== undefined) return known
    const number = this.#next++
    const client = record.flowEnd('client')
    const server = record.flowEnd('server')
    this.#insert.run(number, this.#run, record.flow, record.flowText('capture') ?? '', record.flowText('hop') ?? '', record.flowText('namespace') ?? '', record.flowText('interface') ?? '',
      client.ip, client.port, client.name, server.ip, server.port, server.name, messageId)
    if (this.#numbers.size >= MAX_KNOWN) this.#numbers.delete(this.#numbers.keys().next().value!)
    this.#numbers.set(record.flow, number)
    return number
  }

  handshake(number: number, messageId: number): void {
    this.#handshake.run(messageId, number)
  }

  /** What was counted in a transaction that failed does not hold. */
  forget(): void {
    this.#numbers.clear()
  }
}
