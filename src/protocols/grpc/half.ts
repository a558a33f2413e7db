import { decodeBody } from '../http/content-coding.ts'
import type { Header } from '../http/headers.ts'
import { headerValue, parseHeaders } from '../http/headers.ts'
import type { HttpHalf } from '../http/lens.ts'
import type { GrpcType } from './content-type.ts'
import { parseGrpcType } from './content-type.ts'
import type { Frames } from './frames.ts'
import { NO_FRAMES, parseFrames } from './frames.ts'
import { MAX_TRAILER_BYTES } from './limits.ts'

/** One direction of a call. What its body holds is looked at when it is asked for. */
export class GrpcHalf {
  readonly http: HttpHalf
  #type: GrpcType | undefined | null = null
  #frames: Frames | undefined
  #webTrailers: readonly Header[] | undefined

  constructor(http: HttpHalf) {
    this.http = http
  }

  /** Undefined where this direction is no gRPC. */
  get type(): GrpcType | undefined {
    if (this.#type === null) this.#type = parseGrpcType(headerValue(this.http.headers, 'content-type'))
    return this.#type
  }

  get isWeb(): boolean {
    return this.type !== undefined && this.type.framing !== 'grpc'
  }

  get frames(): Frames {
    return this.#frames ??= this.type === undefined ? NO_FRAMES : parseFrames(this.http.body(), this.type)
  }

  /** Coding of the messages that are marked as compressed. Empty where there is none. */
  get compression(): string {
    const name = headerValue(this.http.headers, 'grpc-encoding').toLowerCase()
    return name === 'identity' ? '' : name
  }

  /** The trailers within the body, which gRPC-Web has. */
  get webTrailers(): readonly Header[] {
    return this.#webTrailers ??= this.#parseTrailers()
  }

  #parseTrailers(): readonly Header[] {
    const frame = this.isWeb ? this.frames.trailers : undefined
    if (frame === undefined) return []
    const isCut = frame.payload.length < frame.bytes
    const { bytes } = frame.isCompressed ? decodeBody(frame.payload, [this.compression], MAX_TRAILER_BYTES, isCut) : { bytes: frame.payload }
    return parseHeaders(bytes.toString('latin1'), 0)
  }

  /** Of the trailers, wherever they stand; those of an answer without a body are its headers. */
  field(name: string): string {
    const sent = headerValue(this.http.trailers, name) || headerValue(this.http.headers, name)
    return sent === '' && this.isWeb ? headerValue(this.webTrailers, name) : sent
  }
}
