import type { Message } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import { SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Dissector, Probe, Sink } from '../protocol.ts'

export const BINARY_REQUEST = 0x80
export const BINARY_RESPONSE = 0x81
const HEADER_BYTES = 24

const NAMES: readonly string[] = [
  'get', 'set', 'add', 'replace', 'delete', 'increment', 'decrement', 'quit', 'flush', 'getq', 'noop', 'version', 'getk', 'getkq', 'append', 'prepend', 'stat',
  'setq', 'addq', 'replaceq', 'deleteq', 'incrementq', 'decrementq', 'quitq', 'flushq', 'appendq', 'prependq', 'verbosity', 'touch', 'gat', 'gatq',
  'helo', 'sasl list mechs', 'sasl auth', 'sasl step', 'gatk', 'gatkq',
]
const STATUSES: Readonly<Record<number, string>> = {
  0: 'no error', 1: 'key not found', 2: 'key exists', 3: 'value too large', 4: 'invalid arguments', 5: 'item not stored', 6: 'non-numeric value', 0x20: 'authentication error', 0x21: 'authentication continue',
  0x81: 'unknown command', 0x82: 'out of memory',
}
/** Extras of a request by opcode; others may have any. */
const EXTRAS: Readonly<Record<number, number>> = { 0: 0, 1: 8, 2: 8, 3: 8, 4: 0, 5: 20, 6: 20, 7: 0, 9: 0, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 15: 0, 16: 0, 0x11: 8, 0x12: 8, 0x13: 8, 0x1c: 4, 0x1d: 4, 0x20: 0, 0x21: 0, 0x22: 0 }
const MAX_PROBED_BODY_BYTES = 32 * 1024 * 1024

/** A whole header: magic, opcode, key length (16 bits), extras length, data type 0, vbucket or status (16), body length (32), opaque (32), CAS (64). */
export function probeBinary(bytes: Uint8Array): Probe {
  if (bytes.length > 1 && NAMES[bytes[1]!] === undefined) return 'no'
  if (bytes.length > 5 && bytes[5] !== 0) return 'no'
  if (bytes.length < HEADER_BYTES) return 'more'
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  const [keyBytes, extraBytes, bodyBytes] = [view.getUint16(2), bytes[4]!, view.getUint32(8)]
  const isRequest = bytes[0] === BINARY_REQUEST
  if (isRequest && (EXTRAS[bytes[1]!] ?? extraBytes) !== extraBytes) return 'no'
  if (isRequest ? view.getUint16(6) > 0x3ff : STATUSES[view.getUint16(6)] === undefined) return 'no'
  return keyBytes <= 250 && keyBytes + extraBytes <= bodyBytes && bodyBytes <= MAX_PROBED_BODY_BYTES ? 'yes' : 'no'
}

/** Counts the frames of one side without reading what is in them. */
class FrameCounter {
  readonly #magic: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #filled = 0
  #bodyLeft = 0
  isLost = false
  frames = 0
  bytes = 0
  /** By opcode or status, names as shown. */
  readonly counts: Record<string, number> = {}

  constructor(magic: number) {
    this.#magic = magic
  }

  get isWithin(): boolean {
    return this.#filled > 0 || this.#bodyLeft > 0
  }

  /** Offset of the byte that begins no frame, else -1. */
  feed(chunk: Uint8Array): number {
    this.bytes += chunk.length
    let i = 0
    while (i < chunk.length && !this.isLost) {
      if (this.#bodyLeft > 0) i = this.#skip(chunk.length, i)
      else if (this.#filled === 0 && chunk[i] !== this.#magic) {
        this.isLost = true
        return i
      } else i = this.#addHeader(chunk, i)
    }
    return -1
  }

  #skip(length: number, i: number): number {
    const skipped = Math.min(this.#bodyLeft, length - i)
    this.#bodyLeft -= skipped
    return i + skipped
  }

  #addHeader(chunk: Uint8Array, i: number): number {
    const end = Math.min(chunk.length, i + HEADER_BYTES - this.#filled)
    this.#header.set(chunk.subarray(i, end), this.#filled)
    this.#filled += end - i
    if (this.#filled === HEADER_BYTES) this.#count()
    return end
  }

  #count(): void {
    const view = new DataView(this.#header.buffer)
    const isRequest = this.#magic === BINARY_REQUEST
    const code = isRequest ? view.getUint8(1) : view.getUint16(6)
    const name = isRequest ? NAMES[code] ?? 'unknown' : STATUSES[code] ?? 'unknown'
    this.counts[name] = (this.counts[name] ?? 0) + 1
    this.frames++
    this.#filled = 0
    this.#bodyLeft = view.getUint32(8)
  }

  gap(bytes: number): void {
    if (this.#bodyLeft >= bytes) this.#bodyLeft -= bytes
    else this.isLost = true
  }
}

/** The binary protocol, which newer servers no longer know: what was asked is counted by name, and told in one message at the end. */
export class BinaryConnection implements Dissector {
  readonly #sink: Sink
  readonly #sides = [new FrameCounter(BINARY_REQUEST), new FrameCounter(BINARY_RESPONSE)] as const
  #atMicros: Micros | undefined
  #ends = 0
  #isLate = false
  #lostBytes = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  get heldBytes(): number {
    return 2 * HEADER_BYTES
  }

  joinedLate(): void {
    this.#isLate = true
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.#atMicros ??= at
    const counter = this.#sides[side]
    const before = counter.bytes
    const bad = counter.feed(chunk)
    if (bad >= 0) this.#sink.malformed(side, 'bytes that begin no frame of the binary protocol', before + bad)
  }

  gap(side: Side, bytes: number): void {
    this.#lostBytes += bytes
    this.#sides[side].gap(bytes)
  }

  end(side: Side, at: Micros): void {
    this.#ends |= 1 << side
    if (this.#ends === 3) this.#sink.message(this.#message(this.#atMicros ?? at))
  }

  #message(atMicros: Micros): Message {
    const [asked, said] = this.#sides
    const notes = ['the binary protocol is only counted']
    if (this.#isLate) notes.push('the start of the connection was not captured')
    if (this.#lostBytes > 0) notes.push(`${this.#lostBytes} bytes were lost`)
    if (asked.isLost || said.isLost) notes.push('what follows bytes that are no frame, or were lost, is not counted')
    if (asked.isWithin || said.isWithin) notes.push('the connection ends within a frame')
    return {
      protocol: 'memcached', atMicros, elapsedMicros: undefined, what: `binary protocol, ${asked.frames} requests`, status: undefined, outcome: 'info',
      request: { encoding: 'binary', frames: asked.frames, bytes: asked.bytes, commands: asked.counts },
      response: { encoding: 'binary', frames: said.frames, bytes: said.bytes, statuses: said.counts },
      complete: notes.length === 1, notes,
    }
  }
}

/** Whether the first byte of a side is the magic of a frame. */
export function isBinary(side: Side, chunk: Uint8Array): boolean {
  return chunk[0] === (side === SERVER ? BINARY_RESPONSE : BINARY_REQUEST)
}
