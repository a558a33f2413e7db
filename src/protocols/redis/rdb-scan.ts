import { MAX_DIGITS } from './limits.ts'
import { BULK_STRING, CR, ERROR, LF, isDigit } from './resp.ts'

const HEADER = 0
const SIZED = 1
const MARKED = 2
const DONE = 3
const BAD = 4

const MARK_BYTES = 40
const MARK_PREFIX = '$EOF:'
/** `$EOF:`, the mark, CR LF. */
const MAX_HEADER_BYTES = MARK_PREFIX.length + MARK_BYTES + 2

/**
 * The snapshot that a server sends to a replica: `$` and its length, or `$EOF:` and 40 bytes that mark its end, then the bytes, with no CRLF
 * behind them. Line feeds before it keep the connection alive while the snapshot is being made. Nothing of it is kept.
 */
export class RdbScan {
  #phase = HEADER
  #header = ''
  #left = 0
  #mark = ''
  /** How far the last bytes match the mark, and where to go on where they cease to (Knuth, Morris and Pratt). */
  #matched = 0
  readonly #fallback = new Uint8Array(MARK_BYTES + 1)
  /** Of the snapshot itself. */
  sizeBytes = 0
  /** An error or something else that is no snapshot; `feed` stands at its first byte. */
  isRefused = false

  begin(): void {
    this.#phase = HEADER
    this.#header = ''
    this.sizeBytes = 0
    this.isRefused = false
  }

  get isDone(): boolean {
    return this.#phase === DONE
  }

  get isBroken(): boolean {
    return this.#phase === BAD
  }

  /** Where its length is known: how many of its bytes are still to come. */
  get leftBytes(): number {
    return this.#phase === SIZED ? this.#left : 0
  }

  skip(bytes: number): void {
    this.#left -= bytes
    if (this.#left === 0) this.#phase = DONE
  }

  /** Returns the offset behind the last byte that belongs to it; where it is broken, that of the wrong byte. */
  feed(buf: Uint8Array, from: number): number {
    let i = from
    while (i < buf.length && this.#phase < DONE) {
      if (this.#phase === HEADER) i = this.#readHeader(buf, i)
      else if (this.#phase === SIZED) i = this.#readSized(buf, i)
      else i = this.#readMarked(buf, i)
    }
    return i
  }

  #readHeader(buf: Uint8Array, i: number): number {
    const byte = buf[i]!
    if (this.#header === '') {
      if (byte === LF) return i + 1
      if (byte !== BULK_STRING) {
        this.isRefused = byte === ERROR
        this.#phase = BAD
        return i
      }
    }
    this.#header += String.fromCharCode(byte)
    if (byte === LF) this.#endHeader()
    else if (!this.#mayBeHeader(byte)) this.#phase = BAD
    return this.#phase === BAD ? i : i + 1
  }

  #mayBeHeader(byte: number): boolean {
    const { length } = this.#header
    if (this.#header.startsWith(MARK_PREFIX)) return length <= MAX_HEADER_BYTES
    return MARK_PREFIX.startsWith(this.#header) || ((isDigit(byte) || byte === CR) && length <= MAX_DIGITS + 2)
  }

  #endHeader(): void {
    const sized = /^\$(\d+)\r\n$/.exec(this.#header)
    if (sized !== null) {
      this.#left = this.sizeBytes = Number(sized[1])
      this.#phase = this.#left === 0 ? DONE : SIZED
      return
    }
    this.#mark = this.#header.slice(MARK_PREFIX.length, -2)
    this.#matched = 0
    this.#phase = this.#mark.length === MARK_BYTES && this.#header.endsWith('\r\n') ? MARKED : BAD
    if (this.#phase === MARKED) this.#prepare()
  }

  #prepare(): void {
    const fallback = this.#fallback
    fallback[0] = fallback[1] = 0
    for (let i = 1, k = 0; i < MARK_BYTES; i++) {
      while (k > 0 && this.#mark[i] !== this.#mark[k]) k = fallback[k]!
      if (this.#mark[i] === this.#mark[k]) k++
      fallback[i + 1] = k
    }
  }

  #readSized(buf: Uint8Array, i: number): number {
    const bytes = Math.min(buf.length - i, this.#left)
    this.skip(bytes)
    return i + bytes
  }

  #readMarked(buf: Uint8Array, from: number): number {
    const mark = this.#mark
    let matched = this.#matched
    for (let i = from; i < buf.length; i++) {
      const byte = buf[i]!
      while (matched > 0 && byte !== mark.charCodeAt(matched)) matched = this.#fallback[matched]!
      if (byte === mark.charCodeAt(matched)) matched++
      if (matched === MARK_BYTES) {
        this.#phase = DONE
        this.sizeBytes += i + 1 - from - MARK_BYTES
        return i + 1
      }
    }
    this.#matched = matched
    this.sizeBytes += buf.length - from
    return buf.length
  }
}
