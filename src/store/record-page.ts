import { unpackLines } from './page-codec.ts'
import { REQUEST_MARK, RESPONSE_MARK } from './page-parts.ts'

const LF = 0x0a

/** Where in a record a text stands. */
export type RecordPart = 'request' | 'response' | 'any'

/** One line for each record of a page. */
class PageLines {
  readonly bytes: Buffer
  readonly #lines: number
  #offsets: Int32Array | undefined

  constructor(bytes: Buffer, lines: number) {
    this.bytes = bytes
    this.#lines = lines
  }

  /** Where line n begins; one more at the end. */
  get offsets(): Int32Array {
    return this.#offsets ??= lineOffsets(this.bytes, this.#lines)
  }

  start(n: number): number {
    return this.offsets[n]!
  }

  /** Without its newline. */
  end(n: number): number {
    return Math.max(this.offsets[n]!, this.offsets[n + 1]! - 1)
  }

  /** Adds the numbers of lines that have a text, counted from `first`. */
  addWith(text: Buffer, first: number, to: number[]): void {
    for (let at = this.bytes.indexOf(text), n = 0; at >= 0; at = this.bytes.indexOf(text, this.offsets[n]!)) {
      n = this.#lineAt(at, n)
      to.push(first + n)
      n++
    }
  }

  /** The line that a byte is in, which is not before line `low`. */
  #lineAt(at: number, low: number): number {
    const { offsets } = this
    let from = low
    let below = this.#lines
    while (below - from > 1) {
      const middle = (from + below) >>> 1
      if (offsets[middle]! <= at) from = middle
      else below = middle
    }
    return from
  }

  text(n: number): string {
    return this.bytes.toString('utf8', this.start(n), this.end(n))
  }
}

/** A row of the table of pages. */
export interface PageRow {
  readonly first_id: number
  readonly last_id: number
  readonly apart: number
  readonly heads: Uint8Array
  readonly requests: Uint8Array
  readonly responses: Uint8Array
}

/** Records of one page; each part is decompressed when it is looked at. What is damaged is empty. */
export class RecordPage {
  readonly firstId: number
  readonly lastId: number
  /** Heads have marks where the halves were taken out. False: the halves are in them. */
  readonly isApart: boolean
  readonly #row: PageRow
  #heads: PageLines | undefined
  #requests: PageLines | undefined
  #responses: PageLines | undefined

  constructor(row: PageRow) {
    this.firstId = row.first_id
    this.lastId = row.last_id
    this.isApart = row.apart !== 0
    this.#row = row
  }

  get heads(): PageLines {
    return this.#heads ??= this.#lines(this.#row.heads)
  }

  get requests(): PageLines {
    return this.#requests ??= this.#lines(this.#row.requests)
  }

  get responses(): PageLines {
    return this.#responses ??= this.#lines(this.#row.responses)
  }

  #lines(packed: Uint8Array): PageLines {
    const lines = this.lastId - this.firstId + 1
    try {
      return new PageLines(unpackLines(packed), lines)
    } catch {
      // Damaged on the disk: the messages are there, and their details are not.
      return new PageLines(Buffer.alloc(0), lines)
    }
  }

  /** Ids of the records that have a text within one value of that part, oldest first. */
  idsWith(text: Buffer, part: RecordPart): number[] {
    const ids: number[] = []
    if (!this.isApart) this.heads.addWith(text, this.firstId, ids)
    else if (part === 'request') this.requests.addWith(text, this.firstId, ids)
    else if (part === 'response') this.responses.addWith(text, this.firstId, ids)
    else {
      for (const lines of [this.requests, this.responses, this.heads]) lines.addWith(text, this.firstId, ids)
      return [...new Set(ids)].sort((a, b) => a - b)
    }
    return ids
  }

  /** The record of a message as it came, without its newline. */
  line(id: number): string {
    const n = id - this.firstId
    if (!this.isApart) return this.heads.text(n)
    const start = this.heads.start(n)
    const end = this.heads.end(n)
    const request = this.#markOf(REQUEST_MARK, this.requests, n)
    const response = this.#markOf(RESPONSE_MARK, this.responses, n)
    const first = Math.min(request, response)
    const second = Math.max(request, response)
    if (first >= end) return this.heads.text(n)
    const { bytes } = this.heads
    const text = bytes.toString('utf8', start, first) + (first === request ? this.requests : this.responses).text(n)
    if (second >= end) return text + bytes.toString('utf8', first + 1, end)
    return text + bytes.toString('utf8', first + 1, second) + (second === request ? this.requests : this.responses).text(n) + bytes.toString('utf8', second + 1, end)
  }

  /** Where a half was taken out of a head; its end where none was. */
  #markOf(mark: number, halves: PageLines, n: number): number {
    return halves.end(n) > halves.start(n) ? this.heads.bytes.indexOf(mark, this.heads.start(n)) : this.heads.end(n)
  }
}

function lineOffsets(bytes: Buffer, lines: number): Int32Array {
  const offsets = new Int32Array(lines + 1)
  let at = 0
  for (let i = 1; i <= lines; i++) {
    const end = bytes.indexOf(LF, at)
    at = end < 0 ? bytes.length + 1 : end + 1
    offsets[i] = at
  }
  return offsets
}
