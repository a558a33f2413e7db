import type { Micros } from '../../model/time.ts'
import { latin1 } from '../http/bytes.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import { FrameScan } from './frame-scan.ts'
import { Frame } from './frame.ts'
import { UNSURE, plainEnd } from './plain-frame.ts'
import { AFTER_LOSS, BROKEN, END_WITHIN, LOST_WITHIN } from './notes.ts'
import { RdbScan } from './rdb-scan.ts'
import { ARRAY, CR, LF } from './resp.ts'
import { beginsReply, findCommand } from './resync.ts'

const AT_START = 0
const IN_FRAME = 1
/** In the middle of anything: the next whole frame is searched for. */
const SEEKING = 2
/** The bytes that a replica begins with. */
const SNAPSHOT = 3
const OFF = 4

const FIRST_PRINTABLE = 0x20
const LAST_PRINTABLE = 0x7e

/** The connection that a reader works for. */
export interface FrameOwner {
  /** A command or a reply, or all that will ever be of it. */
  framed(isClient: boolean, frame: Frame): void
  /** The snapshot for a replica is over; the text of the frame is empty. */
  snapshot(frame: Frame): void
  /** Not Redis from the very start: true where the connection is given up. */
  refuses(): boolean
  malformed(isClient: boolean, what: string, offset: number): void
  /** Commands or replies may have been missed. */
  lostCount(isClient: boolean): void
  /** The client has asked something since the server last said something. */
  readonly isAsked: boolean
}

/** Cuts the bytes of one side into commands or replies. */
export class SideReader {
  readonly #owner: FrameOwner
  readonly #isClient: boolean
  readonly #keepBytes: number
  readonly #scan = new FrameScan()
  #rdb: RdbScan | undefined
  #phase = AT_START
  /** What is being read was searched for: it may be none after all. */
  #isStrict = false
  /** Nothing was read yet of a connection that was joined late. */
  #isFirst = false
  #kept: KeptBytes | undefined
  #sizeBytes = 0
  #atMicros: Micros = 0
  /** Of what is being read, and of what comes next. */
  #bits = 0
  #nextBits = 0
  /** Stream offset of the chunk. */
  #offset = 0

  constructor(owner: FrameOwner, isClient: boolean, keepBytes: number) {
    this.#owner = owner
    this.#isClient = isClient
    this.#keepBytes = keepBytes
  }

  get heldBytes(): number {
    return this.#kept?.length ?? 0
  }

  /** The start was missed: begin by searching. */
  joinLate(): void {
    this.#seek()
    this.#isFirst = true
  }

  stop(): void {
    this.#seek()
    this.#phase = OFF
  }

  /** What comes next is no reply but a snapshot. */
  expectSnapshot(): void {
    if (this.#phase !== AT_START) return
    this.#rdb ??= new RdbScan()
    this.#rdb.begin()
    this.#phase = SNAPSHOT
    this.#sizeBytes = 0
    this.#atMicros = -1
    this.#bits = 0
  }

  feed(chunk: Uint8Array, at: Micros): void {
    let i = 0
    if (this.#phase === SEEKING && !this.#isClient) i = this.#tryReply(chunk)
    while (i < chunk.length && this.#phase !== OFF) i = this.#step(chunk, i, at)
    this.#offset += chunk.length
  }

  #step(buf: Uint8Array, i: number, at: Micros): number {
    switch (this.#phase) {
      case AT_START: return this.#begin(buf, i, at)
      case IN_FRAME: return this.#continue(buf, i, at)
      case SEEKING: return this.#search(buf, i)
      default: return this.#readSnapshot(buf, i, at)
    }
  }

  #begin(buf: Uint8Array, i: number, at: Micros): number {
    const byte = buf[i]!
    // Empty lines keep connections alive.
    if (this.#isClient && (byte === CR || byte === LF)) return i + 1
    if (this.#isClient && (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE)) return this.#broken('a byte that begins no command', i, at)
    this.#atMicros = at
    this.#bits = this.#nextBits
    const plain = this.#isClient && byte !== ARRAY ? UNSURE : plainEnd(buf, i)
    if (plain !== UNSURE) {
      this.#emit(latin1(buf, i, Math.min(plain, i + this.#keepBytes)), plain - i, at)
      return plain
    }
    const scan = this.#scan
    scan.begin(this.#isClient && byte !== ARRAY)
    const end = scan.feed(buf, i)
    if (scan.isDone) {
      this.#emit(latin1(buf, i, Math.min(end, i + this.#keepBytes)), end - i, at)
      return end
    }
    this.#kept = new KeptBytes(this.#keepBytes)
    this.#kept.add(buf, i, end)
    this.#sizeBytes = end - i
    this.#phase = IN_FRAME
    return scan.isBroken ? this.#broken(scan.problem, end, at) : end
  }

  #continue(buf: Uint8Array, i: number, at: Micros): number {
    const scan = this.#scan
    const end = scan.feed(buf, i)
    this.#sizeBytes += end - i
    if ((this.#bits & LOST_WITHIN) === 0) this.#kept!.add(buf, i, end)
    if (scan.isDone) this.#emitKept(at)
    else if (scan.isBroken) return this.#broken(scan.problem, end, at)
    return end
  }

  #emitKept(at: Micros): void {
    const { piece } = this.#kept!
    this.#emit(piece ?? this.#kept!.bytes().toString('latin1'), this.#sizeBytes, at)
  }

  #emit(text: string, sizeBytes: number, at: Micros): void {
    const frame = new Frame(this.#atMicros, at, text, sizeBytes, this.#bits)
    this.#phase = AT_START
    this.#kept = undefined
    this.#nextBits = 0
    this.#isStrict = false
    this.#owner.framed(this.#isClient, frame)
  }

  #broken(what: string, i: number, at: Micros): number {
    if (this.#isStrict) {
      this.#seek()
      return i
    }
    if (this.#owner.refuses()) return i
    this.#owner.malformed(this.#isClient, what, this.#offset + i)
    if (this.#phase === IN_FRAME) this.#cut(BROKEN, at)
    this.#lost()
    // The wrong byte may be the first of something right, but not of a reply that anyone could tell.
    return i
  }

  /** Shows what there is of it. */
  #cut(bit: number, at: Micros): void {
    this.#bits |= bit
    this.#emitKept(at)
  }

  #seek(): void {
    this.#phase = SEEKING
    this.#kept = undefined
    this.#isStrict = false
  }

  #lost(): void {
    this.#seek()
    this.#nextBits |= AFTER_LOSS
    this.#owner.lostCount(this.#isClient)
  }

  #search(buf: Uint8Array, i: number): number {
    if (!this.#isClient) return buf.length
    const start = findCommand(buf, i)
    if (start < buf.length) this.#found()
    return start
  }

  #found(): void {
    this.#phase = AT_START
    this.#isStrict = true
  }

  #tryReply(chunk: Uint8Array): number {
    const isFirst = this.#isFirst
    this.#isFirst = false
    if (beginsReply(chunk, this.#owner.isAsked, isFirst)) this.#found()
    return 0
  }

  #readSnapshot(buf: Uint8Array, i: number, at: Micros): number {
    const rdb = this.#rdb!
    const end = rdb.feed(buf, i)
    if (this.#atMicros < 0) this.#atMicros = at
    if (rdb.isDone) this.#emitSnapshot(at)
    else if (rdb.isRefused) this.#phase = AT_START
    else if (rdb.isBroken) {
      this.#owner.malformed(false, 'a snapshot that does not begin as one', this.#offset + end)
      this.#lost()
    }
    return end
  }

  #emitSnapshot(at: Micros): void {
    const frame = new Frame(this.#atMicros < 0 ? at : this.#atMicros, at, '', this.#rdb!.sizeBytes, this.#bits)
    this.#phase = AT_START
    this.#owner.snapshot(frame)
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    if (this.#phase === OFF) return
    if (this.#phase === SNAPSHOT && this.#rdb!.leftBytes >= bytes) {
      this.#rdb!.skip(bytes)
      this.#bits |= LOST_WITHIN
      if (this.#rdb!.isDone) this.#emitSnapshot(at)
    } else if (this.#phase === IN_FRAME && this.#scan.payloadBytes >= bytes) this.#loseWithin(bytes, at)
    else this.#loseMore(at)
  }

  /** Within a string only bytes are lost, and not the place. */
  #loseWithin(bytes: number, at: Micros): void {
    this.#bits |= LOST_WITHIN
    this.#sizeBytes += bytes
    this.#scan.skip(bytes)
    if (this.#scan.isDone) this.#emitKept(at)
  }

  #loseMore(at: Micros): void {
    if (this.#phase === SNAPSHOT) {
      this.#bits |= LOST_WITHIN
      this.#emitSnapshot(at)
    } else if (this.#phase === IN_FRAME && !this.#isStrict) this.#cut(LOST_WITHIN, at)
    this.#lost()
  }

  end(at: Micros): void {
    if (this.#phase === SNAPSHOT) {
      this.#bits |= END_WITHIN
      this.#emitSnapshot(at)
    } else if (this.#phase === IN_FRAME && !this.#isStrict) this.#cut(END_WITHIN, at)
    if ((this.#nextBits & AFTER_LOSS) !== 0) this.#owner.malformed(this.#isClient, 'nothing could be read behind lost bytes', this.#offset)
    this.#nextBits = 0
    this.stop()
  }
}
