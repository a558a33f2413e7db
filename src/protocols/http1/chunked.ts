import { CR, HT, LF, SEMICOLON, SP, latin1 } from '../http/bytes.ts'
import { MAX_CHUNK_LINE_BYTES, MAX_TRAILER_BYTES } from './limits.ts'

const SIZE_START = 0
const SIZE = 1
const AFTER_SIZE = 2
const EXTENSION = 3
const DATA = 4
const DATA_END = 5
const DATA_LF = 6
const TRAILERS = 7
const DONE = 8
const BAD = 9

/** Twelve hexadecimal digits, exact in a double. */
const MAX_CHUNK_BYTES = 2 ** 48

/** Value of a hexadecimal digit, -1 for anything else. */
function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** The framing of a chunked body (RFC 9112 §7.1), byte by byte; the data itself is stepped over by whoever feeds it. */
export class ChunkedFraming {
  #state = SIZE_START
  #lineBytes = 0
  #afterCr = false
  /** Bytes of the current chunk that are still to come. */
  dataLeft = 0
  bareLf = false
  trailersCut = false
  /** The trailer section up to MAX_TRAILER_BYTES, one character a byte. */
  trailers = ''

  reset(): void {
    this.#state = SIZE_START
    this.#lineBytes = 0
    this.dataLeft = 0
    this.bareLf = false
    this.trailersCut = false
    this.trailers = ''
  }

  /** Data of a chunk is next: `dataLeft` bytes of it. */
  get inData(): boolean {
    return this.#state === DATA
  }

  get done(): boolean {
    return this.#state === DONE
  }

  get bad(): boolean {
    return this.#state === BAD
  }

  /** `bytes` of the chunk's data went by. */
  passData(bytes: number): void {
    this.dataLeft -= bytes
    if (this.dataLeft === 0) this.#state = DATA_END
  }

  /** Reads framing from `from` until data begins (`dataLeft`), the body is `done`, it is `bad`, or the bytes end. Returns where. */
  feed(buf: Uint8Array, from: number, to: number): number {
    let at = from
    while (at < to && this.#state < DATA) this.#sizeByte(buf[at++]!)
    if (at < to && this.#state >= DATA_END) at = this.#afterData(buf, at, to)
    return at
  }

  #afterData(buf: Uint8Array, from: number, to: number): number {
    let at = from
    while (at < to && (this.#state === DATA_END || this.#state === DATA_LF)) this.#endByte(buf[at++]!)
    if (this.#state === TRAILERS) return this.#trailerBytes(buf, at, to)
    return at
  }

  #sizeByte(byte: number): void {
    if (byte === LF) this.#endSize()
    else if (++this.#lineBytes > MAX_CHUNK_LINE_BYTES) this.#state = BAD
    else if (this.#state !== EXTENSION) this.#digit(byte)
    this.#afterCr = byte === CR
  }

  #digit(byte: number): void {
    const value = hexValue(byte)
    if (value >= 0 && this.#state !== AFTER_SIZE) {
      this.dataLeft = this.dataLeft * 16 + value
      this.#state = this.dataLeft > MAX_CHUNK_BYTES ? BAD : SIZE
    } else if (this.#state === SIZE_START) this.#state = BAD
    else if (byte === SEMICOLON) this.#state = EXTENSION
    else if (byte === SP || byte === HT || byte === CR) this.#state = AFTER_SIZE
    else this.#state = BAD
  }

  #endSize(): void {
    if (this.#state === SIZE_START) {
      this.#state = BAD
      return
    }
    if (!this.#afterCr) this.bareLf = true
    this.#lineBytes = 0
    this.#state = this.dataLeft > 0 ? DATA : TRAILERS
  }

  #endByte(byte: number): void {
    if (byte === LF) {
      if (this.#state === DATA_END) this.bareLf = true
      this.#state = SIZE_START
    } else this.#state = byte === CR && this.#state === DATA_END ? DATA_LF : BAD
  }

  /** `#lineBytes` counts what the line holds besides CR. */
  #trailerBytes(buf: Uint8Array, from: number, to: number): number {
    let at = from
    while (at < to && this.#state === TRAILERS) {
      const byte = buf[at++]!
      if (byte !== LF) this.#lineBytes += byte === CR ? 0 : 1
      else if (this.#lineBytes === 0) this.#state = DONE
      else this.#lineBytes = 0
    }
    this.#keepTrailers(buf, from, at)
    return at
  }

  #keepTrailers(buf: Uint8Array, from: number, to: number): void {
    const isEmpty = this.#state === DONE && to - from <= 2 && this.trailers === ''
    if (isEmpty) return
    const room = MAX_TRAILER_BYTES - this.trailers.length
    this.trailers += latin1(buf, from, Math.min(to, from + room))
    if (to - from > room) this.trailersCut = true
  }
}
