import { Buffer } from 'node:buffer'
import type { Micros } from '../../model/time.ts'
import { decompress } from './compression.ts'
import { HEADER_BYTES, MORE_TO_COME, OP_COMPRESSED, OP_MSG } from './op.ts'
import { INCOMPLETE, UNDECODED } from './notes.ts'

/** One message as it was sent, as far as it was read. It is taken apart when somebody asks. */
export class Frame {
  /** First and last byte of it. */
  readonly atMicros: Micros
  readonly endMicros: Micros
  /** The first bytes, one character a byte, the header among them. */
  readonly text: string
  /** As it says. */
  readonly sizeBytes: number
  readonly requestId: number
  readonly responseTo: number
  readonly sentOp: number
  /** Bits of notes.ts. */
  bits: number
  readonly #limitBytes: number
  #op: number
  #body: Buffer | undefined = undefined
  #compressor: string | undefined = undefined

  constructor(atMicros: Micros, endMicros: Micros, text: string, sizeBytes: number, bits: number, limitBytes: number) {
    this.atMicros = atMicros
    this.endMicros = endMicros
    this.text = text
    this.sizeBytes = sizeBytes
    this.bits = bits
    this.requestId = int32(text, 4)
    this.responseTo = int32(text, 8)
    this.sentOp = this.#op = int32(text, 12)
    this.#limitBytes = limitBytes
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }

  /** Not all of it was kept. */
  get isCut(): boolean {
    return this.text.length < this.sizeBytes
  }

  /** What it keeps in memory, once it was decompressed that too. */
  get heldBytes(): number {
    return this.text.length + (this.sentOp === OP_COMPRESSED ? this.#body?.length ?? 0 : 0)
  }

  /** What it is once it is decompressed. */
  get op(): number {
    if (this.#op === OP_COMPRESSED) this.#unpack()
    return this.#op
  }

  /** What stands behind the header, decompressed. */
  get body(): Buffer {
    if (this.#body === undefined) {
      if (this.#op === OP_COMPRESSED) this.#unpack()
      else this.#body = Buffer.from(this.text.slice(HEADER_BYTES), 'latin1')
    }
    return this.#body!
  }

  get compressor(): string | undefined {
    return this.sentOp === OP_COMPRESSED ? (this.body, this.#compressor) : undefined
  }

  /** No reply will come, or another reply. */
  get isMoreToCome(): boolean {
    if (this.sentOp === OP_MSG) return (int32(this.text, HEADER_BYTES) & MORE_TO_COME) !== 0
    return this.op === OP_MSG && this.body.length >= 4 && (this.body.readInt32LE(0) & MORE_TO_COME) !== 0
  }

  #unpack(): void {
    const { op, bytes, compressor, problem } = decompress(Buffer.from(this.text.slice(HEADER_BYTES), 'latin1'), this.#limitBytes)
    this.#op = op
    this.#body = bytes
    this.#compressor = compressor
    if (problem !== undefined) this.bits |= UNDECODED
  }
}

/** 0 where it is not there. */
function int32(text: string, at: number): number {
  if (at + 4 > text.length) return 0
  return text.charCodeAt(at) | text.charCodeAt(at + 1) << 8 | text.charCodeAt(at + 2) << 16 | text.charCodeAt(at + 3) << 24
}
