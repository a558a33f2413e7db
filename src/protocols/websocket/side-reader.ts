import { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { Assembly } from './assembly.ts'
import type { Context } from './context.ts'
import { Inflater } from './deflate.ts'
import { BINARY, BROKEN, CLOSE, CONTINUATION, FrameHeader, MAX_HEADER_BYTES, PING, PONG, TEXT, UNFINISHED } from './frame-header.ts'
import type { KnownTexts } from './known-texts.ts'
import { MAX_COMPRESSED_BYTES, MAX_CONTROL_BYTES } from './limits.ts'
import type { Content } from './message.ts'
import { WebSocketMessage } from './message.ts'
import { keptPayload } from './payload.ts'
import { mayBeFrame } from './plausible.ts'

const IN_HEADER = 0
const IN_PAYLOAD = 1
/** In the middle of anything: the next frame is searched for. */
const SEEKING = 2
const OFF = 3

/** Marks a compressed message in its first frame (RFC 7692 §6). */
const RSV1 = 4
const AFTER_LOSS = 'bytes before it were lost or skipped'

/** The connection that a reader works for. */
export interface SideOwner {
  said(message: WebSocketMessage): void
  /** True where the connection is given up. */
  broken(side: Side, what: string, offset: number): boolean
}

/** Reads the frames of one side and joins them to messages. */
export class SideReader {
  readonly #owner: SideOwner
  readonly #context: Context
  readonly #side: Side
  readonly #keepBytes: number
  readonly #known: KnownTexts | undefined
  readonly #header = new FrameHeader()
  /** The first bytes of a header that was cut. */
  readonly #partial = new Uint8Array(MAX_HEADER_BYTES)
  #partialBytes = 0
  #phase = IN_HEADER
  #payloadLeft = 0
  /** Of the frame: how much of its payload went by. */
  #payloadDone = 0
  /** The text or binary message that is coming, and a close message, which may stand between its frames. */
  #data: Assembly | undefined
  #close: Assembly | undefined
  #inflater: Inflater | undefined
  #isDoubtful: boolean
  /** The next message is told that something before it is missing. */
  #hasLost = false
  #frameAt: Micros = 0
  #offset = 0
  /** Stream offset of buf[0]. */
  #base = 0
  #pings = 0
  #pongs = 0

  constructor(owner: SideOwner, context: Context, side: Side) {
    this.#owner = owner
    this.#context = context
    this.#side = side
    this.#keepBytes = context.keepBytes
    this.#known = context.known?.[side]
    this.#isDoubtful = context.deflate === undefined
  }

  get heldBytes(): number {
    return (this.#data?.payload.length ?? 0) + (this.#inflater?.heldBytes ?? 0)
  }

  /** The start was missed: begin by searching. */
  seek(): void {
    this.#phase = SEEKING
    this.#partialBytes = 0
    this.#hasLost = true
    this.#lose()
  }

  stop(): void {
    this.#phase = OFF
    this.#data = this.#close = this.#inflater = undefined
  }

  /** The next bytes are buf[from, to). */
  feed(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#base = this.#offset - from
    let i = from
    while (i < to && this.#phase !== OFF) i = this.#step(buf, i, to, at)
    this.#offset += to - from
  }

  #step(buf: Uint8Array, i: number, to: number, at: Micros): number {
    if (this.#phase === IN_PAYLOAD) return this.#readPayload(buf, i, to, at)
    if (this.#phase === SEEKING) return this.#search(buf, i, to)
    return this.#partialBytes === 0 ? this.#readHeader(buf, i, to, at) : this.#continueHeader(buf, i, at)
  }

  #readHeader(buf: Uint8Array, i: number, to: number, at: Micros): number {
    this.#frameAt = at
    const size = this.#header.read(buf, i, to)
    if (size === BROKEN) return this.#refuse(i, at)
    if (size !== UNFINISHED) return this.#begin(i + size, at)
    this.#partial.set(buf.subarray(i, to))
    this.#partialBytes = to - i
    return to
  }

  /** One byte more at a time: a header that was cut is rare. */
  #continueHeader(buf: Uint8Array, i: number, at: Micros): number {
    this.#partial[this.#partialBytes++] = buf[i]!
    const size = this.#header.read(this.#partial, 0, this.#partialBytes)
    if (size === UNFINISHED) return i + 1
    this.#partialBytes = 0
    return size === BROKEN ? this.#refuse(i, at) : this.#begin(i + 1, at)
  }

  #refuse(i: number, at: Micros): number {
    const { problem } = this.#header
    if (this.#owner.broken(this.#side, problem, this.#base + i)) {
      this.stop()
      return i
    }
    this.#cut(`broken: ${problem}`, at)
    this.seek()
    return i + 1
  }

  /** The header is there; the payload begins at `i`. */
  #begin(i: number, at: Micros): number {
    const { opcode, payloadBytes } = this.#header
    this.#payloadLeft = payloadBytes
    this.#payloadDone = 0
    if (opcode === PING) this.#pings++
    else if (opcode === PONG) this.#pongs++
    else this.#note(opcode === CLOSE ? this.#close = this.#assembly(CLOSE, MAX_CONTROL_BYTES) : this.#dataFor(opcode, at))
    this.#phase = IN_PAYLOAD
    if (payloadBytes === 0) this.#endFrame(at)
    return i
  }

  #note(message: Assembly): void {
    message.frames++
    if (this.#header.isMasked !== (this.#side === CLIENT)) message.note(this.#side === CLIENT ? 'frames of the client are not masked' : 'frames of the server are masked')
    if (!this.#hasLost) return
    this.#hasLost = false
    message.note(AFTER_LOSS)
  }

  #assembly(opcode: number, limitBytes: number): Assembly {
    return new Assembly(opcode, false, limitBytes, this.#frameAt)
  }

  /** The message that a text, binary or continuation frame belongs to. */
  #dataFor(opcode: number, at: Micros): Assembly {
    const open = this.#data
    if (opcode === CONTINUATION && open !== undefined) return open
    if (open !== undefined) this.#finish(open, false, 'the next message begins before it is over', at)
    if (opcode === CONTINUATION) {
      const fragment = this.#data = this.#assembly(CONTINUATION, this.#keepBytes)
      fragment.note('the beginning of the message was not captured')
      return fragment
    }
    const isMarked = this.#header.reserved === RSV1
    const isCompressed = isMarked && (this.#context.deflate?.isAgreed ?? true)
    const message = this.#data = isCompressed ? new Assembly(opcode, true, MAX_COMPRESSED_BYTES, this.#frameAt)
      : new Assembly(opcode, false, this.#keepBytes, this.#frameAt, opcode === TEXT ? this.#known : undefined)
    if (isMarked && !isCompressed) message.note('a reserved bit is set that no known extension explains')
    return message
  }

  /** Whom the payload of the current frame belongs to; undefined for ping and pong. */
  get #current(): Assembly | undefined {
    const { opcode } = this.#header
    return opcode === CLOSE ? this.#close : opcode === PING || opcode === PONG ? undefined : this.#data
  }

  #readPayload(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const end = Math.min(to, i + this.#payloadLeft)
    this.#current?.add(buf, i, end, this.#header.mask, this.#payloadDone)
    this.#payloadDone += end - i
    this.#payloadLeft -= end - i
    if (this.#payloadLeft === 0) this.#endFrame(at)
    return end
  }

  #endFrame(at: Micros): void {
    this.#phase = IN_HEADER
    const message = this.#current
    if (message === undefined || !this.#header.isFinal) return
    this.#finish(message, message.hasBeginning, undefined, at)
  }

  /** `note`: why it is not whole. */
  #finish(message: Assembly, isWhole: boolean, note: string | undefined, at: Micros): void {
    if (message.opcode === CLOSE) this.#close = undefined
    else this.#data = undefined
    message.endMicros = at
    if (note !== undefined) message.note(note)
    if (message.lostBytes > 0) message.note('bytes of the message were lost')
    const content = this.#content(message, isWhole && message.lostBytes === 0)
    const pulse = message.opcode === CLOSE ? { pings: this.#pings, pongs: this.#pongs } : undefined
    this.#owner.said(new WebSocketMessage(this.#context, this.#side, message, content, pulse))
  }

  #content(message: Assembly, isWhole: boolean): Content {
    if (message.isCompressed) return this.#inflate(message, isWhole)
    return { kept: message.payload, messageBytes: isWhole ? message.sentBytes : undefined, isUnreadable: false, isWhole }
  }

  #inflate(message: Assembly, isWhole: boolean): Content {
    const { deflate } = this.#context
    const inflater = this.#inflater ??= new Inflater((this.#side === CLIENT ? deflate?.clientForgets : deflate?.serverForgets) === true, this.#isDoubtful)
    const isHere = isWhole && message.isKept
    if (isWhole && !isHere) message.note(`a compressed message longer than ${MAX_COMPRESSED_BYTES} bytes is read only in part`)
    const { bytes, problem } = inflater.inflate(message.payload.bytes(), isHere)
    if (problem === undefined && (bytes.length > 0 || isHere)) {
      // Its own copy: the window goes on without it.
      return { kept: keptPayload(Buffer.from(bytes.subarray(0, this.#keepBytes))), messageBytes: isHere ? bytes.length : undefined, isUnreadable: false, isWhole }
    }
    message.note(problem ?? 'too little of it is here to decompress it')
    const sent = message.payload.bytes()
    return { kept: keptPayload(Buffer.from(sent.subarray(0, this.#keepBytes))), messageBytes: isWhole ? message.sentBytes : undefined, isUnreadable: true, isWhole }
  }

  /** Messages were missed: what the next compressed ones refer to is unknown. */
  #lose(): void {
    this.#isDoubtful = true
    this.#inflater?.lose()
  }

  /** A message that is coming will never be whole. */
  #cut(why: string, at: Micros): void {
    if (this.#close !== undefined) this.#finish(this.#close, false, why, at)
    if (this.#data !== undefined) this.#finish(this.#data, false, why, at)
  }

  #search(buf: Uint8Array, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      if (!mayBeFrame(this.#header, buf, i, to, this.#side === CLIENT, this.#base + i === this.#offset)) continue
      this.#phase = IN_HEADER
      return i
    }
    return to
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    if (this.#phase === OFF) return
    if (this.#phase === IN_PAYLOAD && bytes <= this.#payloadLeft) {
      this.#current?.lose(bytes)
      this.#payloadDone += bytes
      this.#payloadLeft -= bytes
      if (this.#payloadLeft === 0) this.#endFrame(at)
      return
    }
    if (this.#phase === IN_PAYLOAD) this.#current?.lose(this.#payloadLeft)
    this.#cut('bytes of the message were lost', at)
    this.seek()
  }

  end(at: Micros): void {
    if (this.#phase === OFF) return
    if (this.#partialBytes > 0) this.#beginCut(at)
    this.#cut('the connection ends within the message', at)
    if (this.#hasLost && this.#phase === SEEKING) this.#tellLoss(at)
    this.stop()
  }

  /** Of the header only the first bytes came, and the very first says what it was to be. */
  #beginCut(at: Micros): void {
    this.#partialBytes = 0
    const { opcode } = this.#header
    if (opcode === CLOSE) this.#close = this.#assembly(CLOSE, MAX_CONTROL_BYTES)
    else if (opcode === TEXT || opcode === BINARY || opcode === CONTINUATION) this.#note(this.#dataFor(opcode, at))
  }

  /** Something was said behind the last message, and nobody knows what. */
  #tellLoss(at: Micros): void {
    this.#hasLost = false
    this.#finish(new Assembly(CONTINUATION, false, 0, at), false, 'bytes were lost, and no frame was found behind them', at)
  }
}
