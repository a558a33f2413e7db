/**
 * Frames of a tunnel, in network byte order (docs/tunnel.md): stream (32 bits), type (8), length of the payload (24), payload. The client of
 * the tunnel opens streams, with numbers that only grow; both sides send. Each side sends no more bytes of DATA on a stream than it has
 * credit for, at first FIRST_CREDIT.
 */
export const FRAME = {
  /** A stream begins. 16 bits: the port of the caller's socket; 0: not told. */
  open: 1,
  data: 2,
  /** The sender has nothing more to say on this stream. */
  fin: 3,
  /** The stream is over, both ways, and was not whole. 8 bits: a reason, see reset-reason.ts. */
  reset: 4,
  /** 32 bits: so many more bytes may the receiver of this frame send. */
  credit: 5,
  /** On stream 0, by the server of the tunnel: open no more streams here. */
  goaway: 6,
  /** On stream 0: answer with PONG. */
  ping: 7,
  pong: 8,
} as const

export const HEADER_BYTES = 8
/** With its header four whole TLS records, so that bulk stays aligned with them. */
export const MAX_DATA_BYTES = 4 * 16_384 - HEADER_BYTES
export const FIRST_CREDIT = 64 * 1024
/** Of streams, and of bytes that one may have credit for. */
export const MAX_NUMBER = 0x7fff_ffff
/** Payload by type; -1: any up to MAX_DATA_BYTES. A type that is not here is none. */
const PAYLOAD_BYTES = [-2, 2, -1, 0, 1, 4, 0, 0, 0]
const LONGEST_CONTROL_BYTES = HEADER_BYTES + 4

export interface FrameSink {
  /** A frame other than DATA. `value`: the number in its payload, else 0. False: the rest is not looked at any more. */
  frame(type: number, stream: number, value: number): boolean
  /** `length` bytes of DATA from `at` of the memory that was given; a frame may come in pieces. False as above. */
  data(stream: number, at: number, length: number): boolean
}

/** Cuts the bytes of one tunnel into frames. It keeps the beginning of a frame, at most 12 bytes, and never bytes of DATA. */
export class FrameReader {
  readonly #start = new DataView(new ArrayBuffer(LONGEST_CONTROL_BYTES))
  #startBytes = 0
  /** DATA that is under way. */
  #stream = 0
  #left = 0

  /** Whether the bytes so far end between two frames. */
  get isBetweenFrames(): boolean {
    return this.#left === 0 && this.#startBytes === 0
  }

  /** Hands on what lies in `memory[0, end)`. False where that is no frame; then the reader is of no use any more. */
  read(memory: DataView, end: number, sink: FrameSink): boolean {
    let at = 0
    while (at < end) {
      if (this.#left > 0) {
        const count = Math.min(this.#left, end - at)
        this.#left -= count
        if (!sink.data(this.#stream, at, count)) return true
        at += count
      } else {
        at = this.#startBytes > 0 || end - at < LONGEST_CONTROL_BYTES ? this.#readSlowly(memory, at, end, sink) : this.#readFrame(memory, at, sink)
        if (at < 0) return at === STOPPED
      }
    }
    return true
  }

  /** At least the longest frame without data lies at `at`. Where the next begins; negative: see below. */
  #readFrame(memory: DataView, at: number, sink: FrameSink): number {
    const stream = memory.getUint32(at)
    const word = memory.getUint32(at + 4)
    const type = word >>> 24
    const length = word & 0xff_ffff
    if (!isFrame(type, stream, length)) return WRONG
    if (type === FRAME.data) {
      this.#stream = stream
      this.#left = length
      return at + HEADER_BYTES
    }
    const value = valueOf(memory, at + HEADER_BYTES, length)
    if (type === FRAME.credit && (value === 0 || value > MAX_NUMBER)) return WRONG
    return sink.frame(type, stream, value) ? at + HEADER_BYTES + length : STOPPED
  }

  /** The bytes may end in the middle of this one, so they are gathered first. */
  #readSlowly(memory: DataView, at: number, end: number, sink: FrameSink): number {
    let next = at
    while (next < end && this.#startBytes < this.#wanted()) this.#start.setUint8(this.#startBytes++, memory.getUint8(next++))
    if (this.#startBytes < this.#wanted()) return next
    const after = this.#readFrame(this.#start, 0, sink)
    this.#startBytes = 0
    return after < 0 ? after : next
  }

  /** How long the frame is that is being gathered, without its data, as far as that is known. What is none is not waited for. */
  #wanted(): number {
    if (this.#startBytes < HEADER_BYTES) return HEADER_BYTES
    const word = this.#start.getUint32(4)
    const [type, length] = [word >>> 24, word & 0xff_ffff]
    return type === FRAME.data || !isFrame(type, this.#start.getUint32(0), length) ? HEADER_BYTES : HEADER_BYTES + length
  }
}

/** Instead of where the next frame begins. */
const WRONG = -1
const STOPPED = -2

function isFrame(type: number, stream: number, length: number): boolean {
  if (type === 0 || type >= PAYLOAD_BYTES.length || stream > MAX_NUMBER) return false
  if ((stream === 0) !== (type >= FRAME.goaway)) return false
  return type === FRAME.data ? length > 0 && length <= MAX_DATA_BYTES : length === PAYLOAD_BYTES[type]
}

function valueOf(memory: DataView, at: number, length: number): number {
  if (length === 0) return 0
  return length === 1 ? memory.getUint8(at) : length === 2 ? memory.getUint16(at) : memory.getUint32(at)
}

export function writeHeader(memory: DataView, at: number, type: number, stream: number, length: number): void {
  memory.setUint32(at, stream)
  memory.setUint32(at + 4, (type << 24 | length) >>> 0)
}

/** A frame other than DATA; returns its length. */
export function writeFrame(memory: DataView, at: number, type: number, stream: number, value: number): number {
  const length = PAYLOAD_BYTES[type]!
  writeHeader(memory, at, type, stream, length)
  if (length === 1) memory.setUint8(at + HEADER_BYTES, value)
  else if (length === 2) memory.setUint16(at + HEADER_BYTES, value)
  else if (length === 4) memory.setUint32(at + HEADER_BYTES, value)
  return HEADER_BYTES + length
}
