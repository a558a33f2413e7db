import { latin1 } from '../http/bytes.ts'
import type { FrameOwner } from '../sql/frame-stream.ts'
import { FrameStream } from '../sql/frame-stream.ts'
import type { PostgresConnection } from './connection.ts'
import { MAX_ERROR_BYTES, MAX_SMALL_BYTES } from './limits.ts'
import { A, BACKEND, C, D, E, G, H, HEAD_BYTES, I, K, LOWER_C, LOWER_D, LOWER_N, LOWER_S, LOWER_T, LOWER_V, N, ONE, R, S, T, THREE, TWO, V, W, Z, u32 } from './message-shape.ts'
import { findReady, probeBackend } from './probe.ts'

/** What a server sends: one byte to a request for encryption, else messages. */
export class Backend implements FrameOwner {
  readonly stream: FrameStream
  headBytes = HEAD_BYTES
  readonly #connection: PostgresConnection
  #type = 0
  #size = 0
  /** An error came where one byte was awaited; its type is read already. */
  #errorBegan = false

  constructor(connection: PostgresConnection) {
    this.#connection = connection
    this.stream = new FrameStream(this)
  }

  head(bytes: Uint8Array, from: number): number {
    if (this.headBytes === 1) return this.#answerByte(bytes[from]!)
    let type = bytes[from]!
    let length = 0
    if (this.#errorBegan) {
      this.#errorBegan = false
      this.headBytes = HEAD_BYTES
      type = E
      length = u32(bytes, from)
    } else length = u32(bytes, from + 1)
    if (!BACKEND.fits(type, length)) {
      this.#connection.refuse(false, 'no message where one must begin')
      return -1
    }
    this.#type = type
    this.#size = length - 4
    this.#want(type)
    return this.#size
  }

  /** S or G: the connection goes on encrypted. N: it does not. */
  #answerByte(byte: number): number {
    if (byte === E) {
      this.#errorBegan = true
      this.headBytes = 4
      return 0
    }
    this.headBytes = HEAD_BYTES
    return this.#connection.encryptionAnswer(byte) ? 0 : -1
  }

  #want(type: number): void {
    const { stream } = this
    switch (type) {
      case D:
        stream.wantedBytes = this.#connection.row(this.#size)
        break
      case LOWER_D:
        stream.wantedBytes = this.#connection.copiedOut(this.#size)
        break
      case ONE:
      case TWO:
      case THREE:
      case LOWER_N:
      case LOWER_C:
        this.#connection.answered(type)
        break
      case I:
      case LOWER_S:
        this.#connection.executed(type, '')
        break
      case E:
      case N:
        stream.wantedBytes = MAX_ERROR_BYTES
        break
      default:
        stream.wantedBytes = MAX_SMALL_BYTES
    }
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    const connection = this.#connection
    const type = this.#type
    if (type === Z) {
      connection.ready(bytes[from] ?? 0)
      return
    }
    const kept = latin1(bytes, from, to)
    switch (type) {
      case D: return connection.keepRow(kept)
      case C: return connection.executed(C, kept.endsWith('\0') ? kept.slice(0, -1) : kept)
      case T: return connection.described(kept)
      case LOWER_T: return connection.parametersDescribed(kept)
      case E: return connection.failed(kept)
      case N: return connection.noticed(kept)
      case S: return connection.reported(kept)
      case R: return connection.authentication(kept)
      case K: return connection.keyData(kept)
      case A: return connection.notified(kept)
      case G:
      case H:
      case W: return connection.copyBegan(type)
      case LOWER_D: return connection.keepCopied(kept)
      case V: return connection.functionResult(kept)
      case LOWER_V: return connection.negotiated(kept)
    }
  }

  lost(): void {
    this.headBytes = HEAD_BYTES
    this.#errorBegan = false
    this.#connection.lostAnswers()
  }

  search(chunk: Uint8Array): number {
    if (probeBackend(chunk) === 'yes') return 0
    return findReady(chunk)
  }

  left(rest: Uint8Array): void {
    this.#connection.handOver(rest)
  }
}
