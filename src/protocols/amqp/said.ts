import type { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import type { Method } from './methods.ts'

const SAID_BYTES = 300

/** A method that one side said, with its content. Its bytes are taken apart when somebody asks. */
export class Said {
  readonly side: Side
  readonly channel: number
  readonly method: Method
  /** First and last byte of it. */
  readonly atMicros: Micros
  endMicros: Micros
  /** Payload of the method's frame, ids and all. */
  readonly payload: Buffer
  /** Payload of the content header. */
  header: Buffer | undefined = undefined
  readonly body: KeptBytes
  /** As the content header says; -1 until that is there. */
  sizeBytes = -1
  bodyBytes = 0
  /** Why it is not whole. */
  problem: string | undefined = undefined
  /** Of a Close or CloseOk of the connection: how many its side sent before it. */
  heartbeats = 0
  /** Bytes before it were lost or skipped. */
  isAfterLoss = false

  constructor(side: Side, channel: number, method: Method, payload: Buffer, atMicros: Micros, bodyLimitBytes: number) {
    this.side = side
    this.channel = channel
    this.method = method
    this.payload = payload
    this.atMicros = atMicros
    this.endMicros = atMicros
    this.body = new KeptBytes(bodyLimitBytes)
  }

  get isWhole(): boolean {
    return !this.method.hasContent || (this.sizeBytes >= 0 && this.bodyBytes >= this.sizeBytes)
  }

  get heldBytes(): number {
    return SAID_BYTES + this.payload.length + (this.header?.length ?? 0) + this.body.length
  }
}
