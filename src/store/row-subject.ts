import type { RequestWay } from '../model/api.ts'
import type { FilterFlow, FilterSubject } from './filter/subject.ts'
import { MemberWalk } from './json-walk.ts'
import { COMPLETE, DECRYPTED, OUTCOMES } from './record-columns.ts'
import type { Columns, RecordReader } from './record-reader.ts'

/** Looked for and not there. */
const NOTHING = {}

/** A stored message as a filter looks at it. One object for all of a search; its record is parsed when it is asked for. */
export class RowSubject implements FilterSubject {
  readonly #reader: RecordReader
  id = 0
  atMicros = 0
  elapsedMicros = -1
  protocol = ''
  what = ''
  statusCode = -1
  status = ''
  outcome = 'none'
  complete = false
  decrypted = false
  requestBytes = -1
  responseBytes = -1
  #flowNumber = 0
  readonly #walk = new MemberWalk()
  #request: object | undefined
  #response: object | undefined

  constructor(reader: RecordReader) {
    this.#reader = reader
  }

  set(columns: Columns): void {
    const flags = columns[8]
    this.id = columns[0]
    this.atMicros = columns[1]
    this.elapsedMicros = columns[2]
    this.protocol = this.#reader.protocol(columns[3])
    this.statusCode = columns[4]
    this.status = columns[5]
    this.outcome = OUTCOMES[columns[6]] ?? 'none'
    this.#flowNumber = columns[7]
    this.complete = (flags & COMPLETE) !== 0
    this.decrypted = (flags & DECRYPTED) !== 0
    this.requestBytes = columns[9]
    this.responseBytes = columns[10]
    this.what = columns[11]
    this.#request = undefined
    this.#response = undefined
  }

  get flow(): FilterFlow {
    return this.#reader.flow(this.#flowNumber)
  }

  get way(): RequestWay | undefined {
    return this.#reader.flow(this.#flowNumber).namespace === undefined ? undefined : this.#reader.way(this.id)
  }

  get request(): object | undefined {
    this.#request ??= this.#part('request') ?? NOTHING
    return this.#request === NOTHING ? undefined : this.#request
  }

  get response(): object | undefined {
    this.#response ??= this.#part('response') ?? NOTHING
    return this.#response === NOTHING ? undefined : this.#response
  }

  get notes(): readonly string[] {
    return (this.#part('notes') ?? []) as readonly string[]
  }

  get record(): string {
    return this.#reader.line(this.id)
  }

  /** One member of the record: parsing all of it would cost twice as much. */
  #part(name: string): object | undefined {
    const page = this.#reader.page(this.id)
    if (page === undefined) return undefined
    const n = this.id - page.firstId
    const walk = this.#walk
    if (!walk.open(page.bytes, page.offsets[n]!, page.offsets[n + 1]! - 1)) return undefined
    while (walk.next()) if (walk.isKey(name)) return JSON.parse(page.bytes.toString('utf8', walk.valueStart, walk.valueEnd)) as object
    return undefined
  }
}
