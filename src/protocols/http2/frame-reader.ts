import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import {
  CONTINUATION, DATA, DEFAULT_FRAME_BYTES, FRAME_HEADER_BYTES, HEADERS, PADDED, PREFACE, PUSH_PROMISE,
} from './frame-types.ts'
import { FOUND_BEFORE, FrameSearch, NOT_FOUND } from './frame-search.ts'
import { MAX_BELIEVED_FRAME_BYTES, MAX_BLOCK_BYTES, MAX_CONTROL_BYTES } from './limits.ts'
import { uint24, uint31 } from './plausible.ts'

/** Hears of the frames of one side. What is asked about a frame stands in the reader: `type`, `flags`, `stream`, `length`. */
export interface FrameOwner {
  /** The header is there. False: no peer sends such a frame here, and the owner said so by `give`. */
  began(reader: FrameReader): boolean
  /** A frame other than DATA, whole: its payload. Where it is longer than what is kept, `isCut` is set and this is its first part. */
  frame(reader: FrameReader, buf: Uint8Array, from: number, to: number): void
  /** Bytes of a DATA frame, without padding. */
  payload(reader: FrameReader, buf: Uint8Array, from: number, to: number): void
  dataEnded(reader: FrameReader): void
  /** Frames that were expected are none. The next are searched for. */
  broken(reader: FrameReader, what: string): void
  /** Bytes in the middle of a DATA frame are lost. */
  dataLost(reader: FrameReader, bytes: number): void
  /** The client's first bytes are not those of HTTP/2. */
  refused(reader: FrameReader): void
  /** Frames were found again behind bytes that were lost or skipped. */
  found(reader: FrameReader): void
}

const IN_PREFACE = 0
const IN_HEADER = 1
const IN_DATA = 2
const IN_PAYLOAD = 3
const SEARCHING = 4
const STOPPED = 5

/** Cuts the bytes of one side into frames, whatever pieces they come in. */
export class FrameReader {
  readonly side: Side
  readonly #owner: FrameOwner
  #mode: number
  type = 0
  flags = 0
  stream = 0
  /** Of the payload, padding and all. */
  length = 0
  isCut = false
  /** When the first byte of the frame came, and the newest. */
  frameMicros: Micros = 0
  nowMicros: Micros = 0
  /** Where the frame begins in the bytes of this side. */
  frameOffset = 0
  /** Bytes before those that are being fed. */
  offset = 0
  /** Offset of buf[0], while it is being fed. */
  #base = 0
  /** Largest frame that the other side said it takes. */
  maxFrameBytes = DEFAULT_FRAME_BYTES
  /** Of the preface or of the payload: what is still to come. */
  #left = 0
  /** Of that, padding at the end; -1 while the byte that says so is to come. */
  #padding = 0
  #room = new Uint8Array(FRAME_HEADER_BYTES)
  #held = 0
  #searching: FrameSearch | undefined

  constructor(owner: FrameOwner, side: Side) {
    this.#owner = owner
    this.side = side
    this.#mode = side === CLIENT ? IN_PREFACE : IN_HEADER
    this.#left = PREFACE.length
  }

  get heldBytes(): number {
    return this.#room.length + (this.#searching?.heldBytes ?? 0)
  }

  get isSearching(): boolean {
    return this.#mode === SEARCHING
  }

  /** The preface is not whole. */
  get isInPreface(): boolean {
    return this.#mode === IN_PREFACE
  }

  /** The bytes end within a frame. */
  get isWithin(): boolean {
    return this.#mode === IN_DATA || this.#mode === IN_PAYLOAD || (this.#mode === IN_HEADER && this.#held > 0)
  }

  /** Its header is there, its payload is not. */
  get isWithinPayload(): boolean {
    return this.#mode === IN_PAYLOAD
  }

  stop(): void {
    this.#mode = STOPPED
    this.#clear()
  }

  search(): void {
    this.#mode = SEARCHING
    this.#clear()
    this.maxFrameBytes = Math.max(this.maxFrameBytes, MAX_BELIEVED_FRAME_BYTES)
  }

  /** Bytes were lost. True where they were all within the body of a DATA frame, so that nothing else is in doubt. */
  lose(bytes: number): boolean {
    this.offset += bytes
    if (this.#mode === STOPPED) return true
    if (this.#mode !== IN_DATA || this.#padding < 0 || bytes > this.#left - this.#padding) {
      this.search()
      return false
    }
    this.#left -= bytes
    this.#owner.dataLost(this, bytes)
    if (this.#left === 0) this.#endData()
    return true
  }

  /** The next bytes are chunk[from, to). */
  feed(chunk: Uint8Array, from: number, to: number, at: Micros): void {
    this.nowMicros = at
    this.#run(chunk, from, to, this.offset - from)
    this.offset += to - from
  }

  /** `base`: offset of buf[0]. */
  #run(buf: Uint8Array, from: number, to: number, base: number): void {
    this.#base = base
    let pos = from
    while (pos < to) {
      const mode = this.#mode
      if (mode === IN_HEADER) pos = this.#header(buf, pos, to)
      else if (mode === IN_DATA) pos = this.#data(buf, pos, to)
      else if (mode === IN_PAYLOAD) pos = this.#payload(buf, pos, to)
      else if (mode === SEARCHING) pos = this.#search(buf, pos, to)
      else if (mode === IN_PREFACE) pos = this.#preface(buf, pos, to)
      else break
    }
  }

  #preface(buf: Uint8Array, from: number, to: number): number {
    let pos = from
    while (pos < to && this.#left > 0) {
      if (buf[pos++] !== PREFACE[PREFACE.length - this.#left--]) {
        this.#owner.refused(this)
        return from
      }
    }
    if (this.#left === 0) this.#mode = IN_HEADER
    return pos
  }

  #header(buf: Uint8Array, from: number, to: number): number {
    if (this.#held === 0) {
      this.frameMicros = this.nowMicros
      this.frameOffset = this.#base + from
      if (to - from >= FRAME_HEADER_BYTES) return this.#begin(buf, from, from, from + FRAME_HEADER_BYTES)
    }
    const end = Math.min(to, from + FRAME_HEADER_BYTES - this.#held)
    this.#room.set(buf.subarray(from, end), this.#held)
    this.#held += end - from
    return this.#held < FRAME_HEADER_BYTES ? end : this.#begin(this.#room, 0, from, end)
  }

  /** `from` and `end`: where the header, or the last part of it, stands in the bytes that are fed. */
  #begin(head: Uint8Array, at: number, from: number, end: number): number {
    this.length = uint24(head, at)
    this.type = head[at + 3]!
    this.flags = head[at + 4]!
    this.stream = uint31(head, at + 5)
    this.#held = 0
    this.isCut = false
    if (this.length > this.maxFrameBytes) {
      this.#lost(`frame of ${this.length} bytes`)
      return from + 1
    }
    if (!this.#owner.began(this)) return from + 1
    this.#left = this.length
    if (this.type === DATA) this.#beginData()
    else {
      this.#mode = IN_PAYLOAD
      if (this.length === 0) this.#endPayload(head, 0, 0)
    }
    return end
  }

  #lost(what: string): void {
    this.search()
    this.#owner.broken(this, what)
  }

  /** The owner found that what was read is no frame: the next one is searched for. */
  give(what: string): void {
    this.#lost(what)
  }

  #beginData(): void {
    this.#mode = IN_DATA
    this.#padding = (this.flags & PADDED) === 0 ? 0 : -1
    if (this.#left > 0) return
    if (this.#padding < 0) this.#lost('padded frame without its length')
    else this.#endData()
  }

  #data(buf: Uint8Array, from: number, to: number): number {
    let pos = from
    if (this.#padding < 0) {
      this.#padding = buf[pos++]!
      this.#left--
      if (this.#padding > this.#left) {
        this.#lost('more padding than frame')
        return pos
      }
    }
    const end = Math.min(to, pos + this.#left)
    const dataEnd = Math.min(end, pos + this.#left - this.#padding)
    if (dataEnd > pos) this.#owner.payload(this, buf, pos, dataEnd)
    if (this.#mode !== IN_DATA) return end
    this.#left -= end - pos
    if (this.#left < this.#padding) this.#padding = this.#left
    if (this.#left === 0) this.#endData()
    return end
  }

  #endData(): void {
    this.#mode = IN_HEADER
    this.#owner.dataEnded(this)
  }

  #payload(buf: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + this.#left)
    if (this.#held === 0 && end - from === this.length) {
      this.#endPayload(buf, from, end)
      return end
    }
    this.#keep(buf, from, end, this.#keptLimit)
    this.#left -= end - from
    if (this.#left === 0) this.#endPayload(this.#room, 0, this.#held)
    return end
  }

  get #keptLimit(): number {
    return this.type === HEADERS || this.type === CONTINUATION || this.type === PUSH_PROMISE ? MAX_BLOCK_BYTES + 1024 : MAX_CONTROL_BYTES
  }

  #endPayload(buf: Uint8Array, from: number, to: number): void {
    this.#mode = IN_HEADER
    this.#owner.frame(this, buf, from, to)
    if (this.#mode === IN_HEADER) this.#clear()
  }

  /** Copies what fits below `limit`. */
  #keep(buf: Uint8Array, from: number, to: number, limit: number): void {
    const end = Math.min(to, from + limit - this.#held)
    if (end < to) this.isCut = true
    const needed = this.#held + end - from
    if (needed > this.#room.length) {
      const grown = new Uint8Array(Math.min(limit, Math.max(256, needed * 2)))
      grown.set(this.#room.subarray(0, this.#held))
      this.#room = grown
    }
    this.#room.set(buf.subarray(from, end), this.#held)
    this.#held = needed
  }

  #clear(): void {
    this.#held = 0
    this.#searching = undefined
    if (this.#room.length > MAX_CONTROL_BYTES) this.#room = new Uint8Array(FRAME_HEADER_BYTES)
  }

  /** Looks for a place where several frames follow each other. What may be one is kept until that is known. */
  #search(buf: Uint8Array, from: number, to: number): number {
    const isFresh = this.#searching === undefined
    const searching = this.#searching ??= new FrameSearch(this.side)
    const start = isFresh && buf[from] === PREFACE[0] ? from + this.#prefaceAt(buf, from) : from
    const found = searching.feed(buf, start, to, this.maxFrameBytes)
    if (found === NOT_FOUND) return to
    this.#searching = undefined
    this.#mode = IN_HEADER
    this.#owner.found(this)
    if (found !== FOUND_BEFORE) return found
    const held = searching.take()
    this.#run(held, 0, held.length, this.#base + to - held.length)
    return to
  }

  #prefaceAt(buf: Uint8Array, from: number): number {
    let i = 0
    while (i < PREFACE.length && buf[from + i] === PREFACE[i]) i++
    return i === PREFACE.length ? i : 0
  }
}
