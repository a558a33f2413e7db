import type { Micros } from '../../model/time.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import { GrpcBoundary } from './grpc-boundary.ts'
import type { HeaderField } from './header-field.ts'
import { CUT_AT_START, INCOMPLETE, LOST_IN_BODY } from './notes.ts'

const NO_FIELDS: readonly HeaderField[] = []
/** What an object takes beside its texts. */
const HALF_BYTES = 256

/** One request or one response, or a part of a long one, as far as it has been read. Fields are shared with the HPACK table. */
export class Half {
  readonly isRequest: boolean
  /** First and last byte of it; of the first header block. */
  atMicros: Micros
  endMicros: Micros
  headMicros: Micros
  fields: readonly HeaderField[] = NO_FIELDS
  trailers: readonly HeaderField[] | undefined = undefined
  method = ''
  path = ''
  /** 0: not known. */
  status = 0
  contentType = ''
  /** The body has a length that was told. */
  hasLength = false
  hasHead = false
  bits = 0
  bodyBytes = 0
  lostBytes = 0
  /** How much of the body is kept. */
  limitBytes = 0
  body: KeptBytes | undefined = undefined
  over = false
  interim: Half[] | undefined = undefined
  /** Of the list above, about. */
  headBytes = HALF_BYTES
  boundary: GrpcBoundary | undefined = undefined

  constructor(isRequest: boolean, atMicros: Micros) {
    this.isRequest = isRequest
    this.atMicros = this.endMicros = this.headMicros = atMicros
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }

  /** Takes the fields of its header block. */
  takeHead(fields: readonly HeaderField[]): void {
    this.fields = fields
    this.hasHead = true
    for (const field of fields) {
      this.headBytes += field.sizeBytes
      this.#note(field.name, field.value)
    }
    if (this.contentType.startsWith('application/grpc') && !this.contentType.startsWith('application/grpc-web')) this.boundary = new GrpcBoundary()
  }

  #note(name: string, value: string): void {
    switch (name.length) {
      case 5:
        if (name === ':path') this.path = value
        break
      case 7:
        if (name === ':method') this.method = value
        else if (name === ':status') this.status = statusOf(value)
        break
      case 12:
        if (name === 'content-type') this.contentType = value.toLowerCase()
        break
      case 14:
        if (name === 'content-length') this.hasLength = true
    }
  }

  /** Returns how many bytes more are kept. */
  add(buf: Uint8Array, from: number, to: number): number {
    this.bodyBytes += to - from
    this.boundary?.feed(buf, from, to)
    // Behind a hole nothing is kept: what is shown is without one.
    if (this.limitBytes === 0 || this.lostBytes > 0 || (this.bits & CUT_AT_START) !== 0) return 0
    const body = this.body ??= new KeptBytes(this.limitBytes)
    const before = body.length
    body.add(buf, from, to)
    return body.length - before
  }

  lose(bytes: number): void {
    this.bits |= LOST_IN_BODY
    this.bodyBytes += bytes
    this.lostBytes += bytes
    this.boundary = undefined
  }

  /** Bytes of the body that may be shown now: messages of gRPC are not cut. */
  get wholeBytes(): number {
    return this.boundary?.wholeBytes ?? this.bodyBytes
  }

  /** The same message from here on: what is not whole yet moves there. */
  split(atMicros: Micros): Half {
    const next = new Half(this.isRequest, atMicros)
    next.headMicros = this.headMicros
    next.takeHeadOf(this)
    const whole = this.wholeBytes
    next.boundary = this.boundary
    this.boundary?.restart()
    if (whole < this.bodyBytes) this.#moveRest(whole, next)
    return next
  }

  takeHeadOf({ fields, method, path, status, contentType, hasLength, hasHead, limitBytes, over, bits }: Half): void {
    this.fields = fields
    this.method = method
    this.path = path
    this.status = status
    this.contentType = contentType
    this.hasLength = hasLength
    this.hasHead = hasHead
    this.limitBytes = limitBytes
    this.over = over
    this.bits = bits & ~(LOST_IN_BODY | CUT_AT_START)
  }

  #moveRest(whole: number, next: Half): void {
    const { body } = this
    next.bodyBytes = this.bodyBytes - whole
    if (body !== undefined && body.length === this.bodyBytes) {
      const bytes = body.bytes()
      next.body = new KeptBytes(this.limitBytes)
      next.body.add(bytes, whole, bytes.length)
      this.body = undefined
      if (whole > 0) (this.body = new KeptBytes(this.limitBytes)).add(bytes, 0, whole)
    } else next.bits |= CUT_AT_START
    this.bodyBytes = whole
  }
}

const DIGIT_0 = 0x30

/** Three digits; else 0. */
function statusOf(value: string): number {
  if (value.length !== 3) return 0
  let status = 0
  for (let i = 0; i < 3; i++) {
    const digit = value.charCodeAt(i) - DIGIT_0
    if (digit < 0 || digit > 9) return 0
    status = status * 10 + digit
  }
  return status
}
