import type { RequestWay } from '../model/api.ts'
import type { FilterFlow, FilterSubject } from './filter/subject.ts'
import type { ColumnName } from './filter/columns-needed.ts'
import { LazyObject, parsed } from './filter/lazy-json.ts'
import { MemberWalk } from './json-walk.ts'
import { COMPLETE, DECRYPTED, OUTCOMES } from './record-columns.ts'
import type { RecordPage } from './record-page.ts'
import type { Columns, RecordReader } from './record-reader.ts'
import { MESSAGE_COLUMNS } from './schema.ts'

/** Looked for and not there. */
const NOTHING = {}

/** A stored message as a filter looks at it. One object for all of a search; of its record only what is asked for is read. */
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
  #page: RecordPage | undefined
  readonly #walk = new MemberWalk()
  #request: object | undefined
  #response: object | undefined

  constructor(reader: RecordReader) {
    this.#reader = reader
  }

  /** All columns, in the order of MESSAGE_COLUMNS. */
  set(columns: Columns): void {
    this.setSome(MESSAGE_COLUMNS, columns)
  }

  /** Only these columns, the id first: nobody asks for others. */
  setSome(names: readonly ColumnName[], values: readonly (string | number)[]): void {
    for (let i = 1; i < names.length; i++) this.#column(names[i]!, values[i]!)
    this.setRecord(values[0] as number)
  }

  /** A message of whose columns nobody asks for any. */
  setRecord(id: number): void {
    this.id = id
    if (this.#page === undefined || id < this.#page.firstId || id > this.#page.lastId) this.#page = this.#reader.page(id)
    this.#request = undefined
    this.#response = undefined
  }

  #column(name: ColumnName, value: string | number): void {
    switch (name) {
      case 'at': this.atMicros = value as number; break
      case 'elapsed': this.elapsedMicros = value as number; break
      case 'protocol': this.protocol = this.#reader.protocol(value as number); break
      case 'code': this.statusCode = value as number; break
      case 'status': this.status = value as string; break
      case 'outcome': this.outcome = OUTCOMES[value as number] ?? 'none'; break
      case 'flow': this.#flowNumber = value as number; break
      case 'flags':
        this.complete = ((value as number) & COMPLETE) !== 0
        this.decrypted = ((value as number) & DECRYPTED) !== 0
        break
      case 'request_bytes': this.requestBytes = value as number; break
      case 'response_bytes': this.responseBytes = value as number; break
      case 'what': this.what = value as string
    }
  }

  /** Of the message. Undefined where it is gone. */
  get page(): RecordPage | undefined {
    return this.#page
  }

  get flow(): FilterFlow {
    return this.#reader.flow(this.#flowNumber)
  }

  get way(): RequestWay | undefined {
    return this.#reader.flow(this.#flowNumber).namespace === undefined ? undefined : this.#reader.way(this.id)
  }

  get request(): object | undefined {
    this.#request ??= this.#half('request') ?? NOTHING
    return this.#request === NOTHING ? undefined : this.#request
  }

  get response(): object | undefined {
    this.#response ??= this.#half('response') ?? NOTHING
    return this.#response === NOTHING ? undefined : this.#response
  }

  get notes(): readonly string[] {
    const walk = this.#find('notes')
    const notes = walk === undefined ? [] : parsed(this.#page!.heads.bytes, walk.valueStart, walk.valueEnd)
    return Array.isArray(notes) ? notes as string[] : []
  }

  get record(): string {
    return this.#page?.line(this.id) ?? ''
  }

  #half(name: 'request' | 'response'): object | undefined {
    const page = this.#page
    if (page === undefined) return undefined
    if (!page.isApart) {
      const walk = this.#find(name)
      return walk === undefined ? undefined : new LazyObject(page.heads.bytes, walk.valueStart, walk.valueEnd)
    }
    const part = name === 'request' ? page.requests : page.responses
    const n = this.id - page.firstId
    const start = part.start(n)
    const end = part.end(n)
    return end > start ? new LazyObject(part.bytes, start, end) : undefined
  }

  /** A member of the record's head. */
  #find(name: string): MemberWalk | undefined {
    const page = this.#page
    if (page === undefined) return undefined
    const n = this.id - page.firstId
    const walk = this.#walk
    if (!walk.open(page.heads.bytes, page.heads.start(n), page.heads.end(n))) return undefined
    while (walk.next()) if (walk.isKey(name)) return walk
    return undefined
  }
}
