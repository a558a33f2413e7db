import type { RecordColumns } from './record-columns.ts'

const LF = 0x0a
/** Stand in a head where a half was taken out. JSON escapes both, so that no text has them. */
export const REQUEST_MARK = 0x01
export const RESPONSE_MARK = 0x02
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** A larger buffer is not kept for the next page. */
const MAX_KEPT_BYTES = 1024 * 1024

/** Lines in one growing buffer. */
class Lines {
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #used = 0

  /** Those that were added; valid until `clear`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#used)
  }

  add(from: Buffer, start: number, end: number): void {
    this.#room(end - start)
    from.copy(this.#buffer, this.#used, start, end)
    this.#used += end - start
  }

  byte(value: number): void {
    this.#room(1)
    this.#buffer[this.#used++] = value
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#used + bytes, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#used)
    this.#buffer = larger
  }

  clear(): void {
    this.#used = 0
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(64 * 1024)
  }
}

/** The lines of a page taken apart: heads, requests, responses, a line of each for every record. A search that looks at one of them reads no other. */
export class PageParts {
  readonly heads = new Lines()
  readonly requests = new Lines()
  readonly responses = new Lines()
  /** Of all lines as they came. */
  sizeBytes = 0

  /** Adds the record `lines[start, end)`, as `record` has read it. `whole`: nothing is taken out, because what is no JSON has marks. */
  add(lines: Buffer, start: number, end: number, record: RecordColumns, whole: boolean): void {
    this.sizeBytes += end + 1 - start
    const { requestStart, requestEnd, responseStart, responseEnd } = record
    const takesRequest = !whole && isObject(lines, requestStart, requestEnd)
    const takesResponse = !whole && isObject(lines, responseStart, responseEnd)
    let at = start
    if (takesResponse && responseStart < requestStart) at = this.#takeOut(lines, at, responseStart, responseEnd, this.responses, RESPONSE_MARK)
    if (takesRequest) at = this.#takeOut(lines, at, requestStart, requestEnd, this.requests, REQUEST_MARK)
    if (takesResponse && responseStart > requestStart) at = this.#takeOut(lines, at, responseStart, responseEnd, this.responses, RESPONSE_MARK)
    this.heads.add(lines, at, end)
    for (const part of [this.heads, this.requests, this.responses]) part.byte(LF)
  }

  #takeOut(lines: Buffer, from: number, start: number, end: number, part: Lines, mark: number): number {
    this.heads.add(lines, from, start)
    this.heads.byte(mark)
    part.add(lines, start, end)
    return end
  }

  clear(): void {
    this.sizeBytes = 0
    for (const part of [this.heads, this.requests, this.responses]) part.clear()
  }
}

function isObject(bytes: Buffer, start: number, end: number): boolean {
  return end > start + 1 && bytes[start] === OPEN_BRACE && bytes[end - 1] === CLOSE_BRACE
}

/** Whether some bytes have what stands for a half elsewhere. */
export function hasMarks(lines: Buffer): boolean {
  return lines.includes(REQUEST_MARK) || lines.includes(RESPONSE_MARK)
}
