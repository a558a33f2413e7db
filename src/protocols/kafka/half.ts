import type { Buffer } from 'node:buffer'
import type { Micros } from '../../model/time.ts'
import type { Exchange } from './exchange.ts'
import type { KeptFrame } from './kept-frame.ts'
import type { Line } from './line.ts'
import { INCOMPLETE } from './notes.ts'
import type { Step } from './steps.ts'

/** In place of an api key: a SASL message without any header, as they follow SaslHandshake version 0. */
export const SASL_TOKEN = -2
export const UNKNOWN_API = -1

export const REQUEST_HEAD_BYTES = 8
export const RESPONSE_HEAD_BYTES = 4
const HALF_BYTES = 400

/** One request or one answer, as far as it was read. Its bytes are taken apart when somebody asks. */
export class Half {
  readonly isRequest: boolean
  /** First and last byte of it. */
  atMicros: Micros
  endMicros: Micros
  /** Of the request, also in its answer. */
  key = UNKNOWN_API
  version = 0
  correlationId = 0
  /** As its length prefix says, which is not counted. */
  readonly sizeBytes: number
  readonly frame: KeptFrame
  lostBytes = 0
  /** Bits of notes.ts. */
  bits = 0
  /** The last byte was seen, or nothing more will come. */
  over = false
  /** Over its body while its records are found as it passes; undefined where that is not needed. */
  steps: readonly Step[] | undefined = undefined
  /** Where nobody wants more and all of it came at once: then no bytes are kept. */
  line: Line | undefined = undefined
  exchange: Exchange | undefined = undefined
  /** The Fetch that began the session which this one goes on with. */
  session: Half | undefined = undefined
  /** Requests before it, on this connection. */
  ordinal = 0
  /** What it costs to let it wait; 0 while it does not. */
  waitingBytes = 0

  constructor(isRequest: boolean, atMicros: Micros, sizeBytes: number, frame: KeptFrame) {
    this.isRequest = isRequest
    this.atMicros = atMicros
    this.endMicros = atMicros
    this.sizeBytes = sizeBytes
    this.frame = frame
  }

  get bytes(): Buffer {
    return this.frame.bytes
  }

  get heldBytes(): number {
    return HALF_BYTES + this.frame.roomBytes
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }
}
