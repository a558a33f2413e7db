import { Buffer } from 'node:buffer'
import type { Micros } from '../../model/time.ts'
import { MAX_HEAD_BYTES, MAX_PAUSED_BYTES } from './limits.ts'

/** Who knows what the frames of one side mean. Bytes are borrowed until return. */
export interface FrameOwner {
  /** Size of the next head in bytes, from 1 to MAX_HEAD_BYTES. Asked anew before each frame. */
  readonly headBytes: number
  /**
   * A whole head begins at `from`. Returns the bytes that follow it; negative where no frame can begin so, and then the owner
   * has said so and called `seek` or `leave`. Sets `wantedBytes` of the stream where it wants to see some of them.
   */
  head(bytes: Uint8Array, from: number): number
  /** The first `wantedBytes` of what follows the head, or all where that is shorter; fewer only where `isCut` of the stream is true. */
  body(bytes: Uint8Array, from: number, to: number): void
  /** Bytes were lost, and with them where the next frame begins. */
  lost(): void
  /** After a loss: where a frame begins in a chunk that may start anywhere, or -1. */
  search(chunk: Uint8Array): number
  /** After `leave`: what of the chunk was not read. */
  left(rest: Uint8Array): void
}

const READING = 0
const SEEKING = 1
const PAUSED = 2
const LEAVING = 3
const STOPPED = 4

const FIRST_ROOM_BYTES = 512
/** For `wantedBytes`: the body is passed over. */
const NOTHING = -1

/**
 * One side of a connection whose messages say how long they are. A frame that lies in one chunk is read in place; what the owner does not want
 * is counted and never copied.
 */
export class FrameStream {
  /** Set by the owner in `head`. */
  wantedBytes = NOTHING
  /** The body that is being handed over lacks bytes that it should have: they were lost, or the connection ended. */
  isCut = false
  /** When the first byte of the frame was captured. */
  frameMicros: Micros = 0
  /** When the chunk was captured that is being read. */
  atMicros: Micros = 0
  readonly #owner: FrameOwner
  readonly #head = new Uint8Array(MAX_HEAD_BYTES)
  #headLength = 0
  #headSize = 0
  /** Of the current body, wanted or not. */
  #leftBytes = 0
  #wanted = 0
  #room: Buffer | undefined
  #roomLength = 0
  #state = READING
  #paused: Buffer | undefined
  /** Bytes of this side before the chunk that is being read, where that lies in its buffer, and how far it is read. */
  #before = 0
  #from = 0
  #to = 0
  #at = 0

  constructor(owner: FrameOwner) {
    this.#owner = owner
  }

  /** Of this side, up to where it is being read. */
  get offset(): number {
    return this.#before + this.#at - this.#from
  }

  get heldBytes(): number {
    return (this.#room?.length ?? 0) + (this.#paused?.length ?? 0)
  }

  /** Some of a frame has come, and some not. */
  get isInside(): boolean {
    return this.#headLength > 0 || this.#leftBytes > 0
  }

  get isSeeking(): boolean {
    return this.#state === SEEKING
  }

  /** From the next chunk on, search for a frame. */
  seek(): void {
    this.#state = SEEKING
    this.#forget()
  }

  /** Reads no more, and hands what is left of the chunk to the owner. */
  leave(): void {
    this.#state = LEAVING
  }

  stop(): void {
    this.#state = STOPPED
    this.#forget()
  }

  /** Keeps what follows until `resume`, in bounds. */
  pause(): void {
    this.#state = PAUSED
  }

  resume(): void {
    const held = this.takePaused()
    this.#state = READING
    if (held.length > 0) this.data(held, this.atMicros)
  }

  /** What was kept since `pause`. */
  takePaused(): Uint8Array {
    const held = this.#paused
    this.#paused = undefined
    if (held === undefined) return new Uint8Array(0)
    this.#before -= held.length
    return held
  }

  data(chunk: Uint8Array, at: Micros): void {
    this.dataIn(chunk, 0, chunk.length, at)
  }

  /** The next bytes are buf[from, to). */
  dataIn(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.atMicros = at
    this.#from = this.#at = from
    this.#to = to
    if (this.#state === SEEKING) this.#at = this.#found(buf, from, to)
    while (this.#state === READING && this.#at < to) {
      if (this.#leftBytes > 0) this.#more(buf)
      else this.#begin(buf, at)
    }
    const rest = this.#at
    this.#before += to - from
    this.#at = this.#from = 0
    if (this.#state === PAUSED && rest < to) this.#hold(buf.subarray(rest, to))
    else if (this.#state === LEAVING) {
      this.#state = STOPPED
      this.#owner.left(buf.subarray(rest, to))
    }
  }

  #found(buf: Uint8Array, from: number, to: number): number {
    const at = this.#owner.search(buf.subarray(from, to))
    if (at < 0) return to
    this.#state = READING
    return from + at
  }

  #hold(rest: Uint8Array): void {
    const held = this.#paused
    if ((held?.length ?? 0) + rest.length > MAX_PAUSED_BYTES) {
      this.#paused = undefined
      this.stop()
    } else this.#paused = held === undefined ? Buffer.from(rest) : Buffer.concat([held, rest])
  }

  #begin(chunk: Uint8Array, at: Micros): void {
    // Stays for the whole head, whatever the other side brings in between.
    if (this.#headLength === 0) this.#headSize = this.#owner.headBytes
    const size = this.#headSize
    const from = this.#at
    if (this.#headLength === 0) {
      this.frameMicros = at
      if (this.#to - from >= size) {
        this.#at = from + size
        this.#frame(chunk, from, chunk)
        return
      }
    }
    const to = Math.min(this.#to, from + size - this.#headLength)
    this.#head.set(chunk.subarray(from, to), this.#headLength)
    this.#headLength += to - from
    this.#at = to
    if (this.#headLength < size) return
    this.#headLength = 0
    this.#frame(this.#head, 0, chunk)
  }

  #frame(bytes: Uint8Array, from: number, chunk: Uint8Array): void {
    this.wantedBytes = NOTHING
    const size = this.#owner.head(bytes, from)
    if (size < 0) {
      this.#at = this.#state === LEAVING ? this.#at : this.#to
      return
    }
    const { wantedBytes } = this
    const here = Math.min(size, this.#to - this.#at)
    if (wantedBytes >= 0 && here < Math.min(size, wantedBytes)) {
      this.#wanted = Math.min(size, wantedBytes)
      this.#leftBytes = size
      this.#more(chunk)
      return
    }
    const body = this.#at
    this.#at = body + here
    this.#leftBytes = size - here
    if (wantedBytes >= 0) this.#owner.body(chunk, body, body + Math.min(size, wantedBytes))
  }

  /** The next bytes of a body that came in pieces. */
  #more(chunk: Uint8Array): void {
    const from = this.#at
    const here = Math.min(this.#leftBytes, this.#to - from)
    this.#at = from + here
    this.#leftBytes -= here
    if (this.#wanted === 0) return
    const taken = Math.min(here, this.#wanted - this.#roomLength)
    this.#append(chunk.subarray(from, from + taken))
    if (this.#roomLength === this.#wanted) this.#handOver()
  }

  #append(piece: Uint8Array): void {
    const needed = this.#roomLength + piece.length
    let room = this.#room
    if (room === undefined || room.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#wanted, Math.max(FIRST_ROOM_BYTES, needed * 2)))
      if (room !== undefined) grown.set(room.subarray(0, this.#roomLength))
      this.#room = room = grown
    }
    room.set(piece, this.#roomLength)
    this.#roomLength = needed
  }

  #handOver(): void {
    const room = this.#room
    const length = this.#roomLength
    this.#room = undefined
    this.#roomLength = this.#wanted = 0
    this.#owner.body(room ?? this.#head, 0, length)
  }

  #handOverCut(): void {
    if (this.#wanted === 0) return
    this.isCut = true
    this.#handOver()
    this.isCut = false
  }

  gap(bytes: number): void {
    this.#before += bytes
    if (this.#state !== READING) {
      if (this.#state === PAUSED) this.stop()
      return
    }
    if (this.#leftBytes >= bytes && this.#headLength === 0) {
      this.#handOverCut()
      if (this.#state === READING) this.#leftBytes -= bytes
      return
    }
    this.#handOverCut()
    this.#forget()
    this.#state = SEEKING
    this.#owner.lost()
  }

  /** Hands over what came of a body. */
  end(): void {
    this.#handOverCut()
    this.#forget()
  }

  #forget(): void {
    this.#room = undefined
    this.#headLength = this.#leftBytes = this.#roomLength = this.#wanted = 0
  }
}
