import { CLIENT } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { BoundarySearch } from './boundary-search.ts'
import { HEADER_BYTES, SSL2_CLIENT_HELLO, isHeader, isLikelyHeader } from './record.ts'
import { SSL2_HEADER_BYTES, isSsl2ServerHello, ssl2ClientHelloBytes } from './ssl2-hello.ts'

/** Who is told of the records of both sides. */
export interface RecordSink {
  /** A header was read; `length` is without the header. True: the payload is wanted. */
  record(side: Side, type: number, version: number, length: number, at: Micros): boolean
  /** A piece of a wanted payload, borrowed until return. `last`: the record ends with it. */
  payload(side: Side, type: number, bytes: Uint8Array, from: number, to: number, last: boolean, at: Micros): void
  /** Here should be a header and is none. `first`: at the very first byte. True: look for the next one, false: give up. */
  outOfStep(side: Side, first: boolean, offset: number): boolean
  /** A header was found again, `skipped` bytes behind the place where it was looked for. */
  inStep(side: Side, skipped: number): void
  /** No record boundary in as many bytes as must hold one; the side is not read any more. */
  notFound(side: Side, offset: number): void
  /** The server answered in the protocol of SSL 2.0, whose records are other ones; the side is not read any more. */
  ssl2Server(at: Micros): void
}

const RUN = 0
const SEARCH = 1
const QUIET = 2

/** Searches that a stream may cost without new losses: TLS that is in step stays so. */
const MAX_SEARCHES = 2

/** Cuts one side of a connection into records without looking into those that nobody wants. */
export class RecordStream {
  readonly #sink: RecordSink
  readonly #side: Side
  #mode = RUN
  /** Bytes of this side up to the end of the last chunk, lost ones included. */
  #offset = 0
  /** Bytes of the current record that are still to come. */
  #remaining = 0
  #wanted = false
  #type = 0
  #recordOffset = 0
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFill = 0
  /** The next header follows a loss: it must look like one in every respect. */
  #doubtful = false
  #search: BoundarySearch | undefined
  #searches = 0

  constructor(sink: RecordSink, side: Side) {
    this.#sink = sink
    this.#side = side
  }

  get offset(): number {
    return this.#offset
  }

  /** Where the last record began. */
  get recordOffset(): number {
    return this.#recordOffset
  }

  /** Bytes of the last record that did not come. */
  get missingBytes(): number {
    return this.#remaining
  }

  /** Bytes that wait for the rest of a header, or for a header to be found. */
  get waitingBytes(): number {
    return this.#search?.bytes.length ?? this.#headerFill
  }

  /** Nothing more of this side can be read; its bytes are only counted. */
  get quiet(): boolean {
    return this.#mode === QUIET
  }

  /** The next bytes are buf[from, to). */
  dataIn(buf: Uint8Array, from: number, to: number, at: Micros): void {
    const base = this.#offset - from
    this.#offset += to - from
    if (this.#mode === RUN) this.#run(buf, from, to, base, at)
    else if (this.#mode === SEARCH) this.#lookFor(buf, from, to, base, at)
  }

  /** Lost bytes inside a record keep the step; behind its end the next header has to be found. */
  gap(bytes: number): void {
    this.#offset += bytes
    this.#wanted = false
    if (this.#mode === QUIET) return
    if (this.#mode === RUN && bytes <= this.#remaining) {
      this.#remaining -= bytes
      return
    }
    this.#mode = RUN
    this.#search = undefined
    this.#searches = 0
    this.#remaining = 0
    this.#headerFill = 0
    this.#doubtful = true
  }

  silence(): void {
    this.#mode = QUIET
    this.#remaining = 0
    this.#headerFill = 0
    this.#search = undefined
  }

  /** The hot path: after the handshake it hops from header to header. `base`: stream offset of chunk[0]. */
  #run(chunk: Uint8Array, from: number, end: number, base: number, at: Micros): void {
    let i = from
    while (i < end) {
      if (this.#remaining > 0) i = this.#continue(chunk, i, end, at)
      else if (this.#headerFill > 0 || end - i < HEADER_BYTES) i = this.#gather(chunk, i, end, base, at)
      else i += this.#begin(chunk, i, base + i, at)
      if (this.#mode !== RUN) {
        if (this.#mode === SEARCH) this.#lookFor(chunk, i, end, base, at)
        return
      }
    }
  }

  #continue(chunk: Uint8Array, i: number, end: number, at: Micros): number {
    const left = end - i
    const count = left < this.#remaining ? left : this.#remaining
    this.#remaining -= count
    if (this.#wanted) this.#sink.payload(this.#side, this.#type, chunk, i, i + count, this.#remaining === 0, at)
    return i + count
  }

  /** A header that the end of a chunk cuts is put together; every other is read in place. */
  #gather(chunk: Uint8Array, i: number, end: number, base: number, at: Micros): number {
    const count = Math.min(HEADER_BYTES - this.#headerFill, end - i)
    this.#header.set(chunk.subarray(i, i + count), this.#headerFill)
    this.#headerFill += count
    if (this.#headerFill < HEADER_BYTES) return i + count
    this.#headerFill = 0
    this.#begin(this.#header, 0, base + i + count - HEADER_BYTES, at)
    // Out of step: the search starts with the whole header, of which the chunk holds only the end.
    this.#search?.take(this.#header, 0, HEADER_BYTES)
    return i + count
  }

  /** Reads the header at `i` and returns its size, 0 where none is. */
  #begin(bytes: Uint8Array, i: number, position: number, at: Micros): number {
    const type = bytes[i]!
    const version = bytes[i + 1]! << 8 | bytes[i + 2]!
    const length = bytes[i + 3]! << 8 | bytes[i + 4]!
    if (!isHeader(type, version, length) || (this.#doubtful && !isLikelyHeader(bytes, i))) return this.#beginOther(bytes, i, position, at)
    this.#doubtful = false
    this.#type = type
    this.#recordOffset = position
    this.#remaining = length
    this.#wanted = this.#sink.record(this.#side, type, version, length, at)
    if (length === 0 && this.#wanted) this.#sink.payload(this.#side, type, bytes, i, i, true, at)
    return HEADER_BYTES
  }

  #beginOther(bytes: Uint8Array, i: number, position: number, at: Micros): number {
    const first = position === 0
    if (first && this.#isSsl2(bytes, i, at)) return HEADER_BYTES
    const lost = this.#doubtful
    this.#doubtful = false
    if (lost || (this.#searches < MAX_SEARCHES && this.#sink.outOfStep(this.#side, first, position))) {
      this.#searches++
      this.#mode = SEARCH
      this.#search = new BoundarySearch()
    } else this.silence()
    return 0
  }

  #isSsl2(b: Uint8Array, i: number, at: Micros): boolean {
    if (this.#side !== CLIENT) {
      if (!isSsl2ServerHello(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!)) return false
      this.silence()
      this.#sink.ssl2Server(at)
      return true
    }
    const length = ssl2ClientHelloBytes(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!)
    if (length < 0) return false
    this.#type = SSL2_CLIENT_HELLO
    this.#remaining = length + 2 - SSL2_HEADER_BYTES
    this.#wanted = this.#sink.record(this.#side, this.#type, b[i + 3]! << 8 | b[i + 4]!, this.#remaining, at)
    return true
  }

  #lookFor(chunk: Uint8Array, from: number, to: number, base: number, at: Micros): void {
    const search = this.#search!
    let i = from
    do {
      i += search.take(chunk, i, to)
      const found = search.find()
      if (found >= 0) {
        this.#resume(search.bytes, found, base + i, at)
        if (this.#mode === RUN) this.#run(chunk, i, to, base, at)
        else if (this.#mode === SEARCH) this.#lookFor(chunk, i, to, base, at)
        return
      }
    } while (i < to && !search.full)
    if (!search.full) return
    this.silence()
    this.#sink.notFound(this.#side, base + i)
  }

  /** Reads what the search had collected, from the header that it found. `end`: stream offset behind the collected bytes. */
  #resume(bytes: Uint8Array, found: number, end: number, at: Micros): void {
    this.#search = undefined
    this.#mode = RUN
    this.#sink.inStep(this.#side, found)
    this.#run(bytes, found, bytes.length, end - bytes.length, at)
  }
}
