import { latin1 } from '../http/bytes.ts'
import type { FrameOwner } from '../sql/frame-stream.ts'
import { FrameStream } from '../sql/frame-stream.ts'
import type { Answers } from './answers.ts'
import { MAX_ERROR_BYTES, MAX_SMALL_BYTES } from './limits.ts'
import { A, BACKEND, C, D, E, G, H, HEAD_BYTES, I, K, LOWER_C, LOWER_D, LOWER_N, LOWER_S, LOWER_T, LOWER_V, N, ONE, R, S, T, THREE, TWO, V, W, Z, u32 } from './message-shape.ts'
import { findReady, probeBackend } from './probe.ts'

/** What a server sends: one byte to a request for encryption, else messages. */
export class Backend implements FrameOwner {
  readonly stream: FrameStream
  headBytes = HEAD_BYTES
  readonly #answers: Answers
  #type = 0
  #size = 0
  /** An error came where one byte was awaited; its type is read already. */
  #errorBegan = false

  constructor(answers: Answers) {
    this.#answers = answers
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
      this.#answers.refuse('no message where one must begin')
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
    return this.#answers.encryptionAnswer(byte) ? 0 : -1
  }

  #want(type: number): void {
    const { stream } = this
    switch (type) {
      case D:
        stream.wantedBytes = this.#answers.row(this.#size)
        break
      case LOWER_D:
        stream.wantedBytes = this.#answers.copiedOut(this.#size)
        break
      case ONE:
      case TWO:
      case THREE:
      case LOWER_N:
      case LOWER_C:
        this.#answers.answered(type)
        break
      case I:
      case LOWER_S:
        this.#answers.executed(type, '')
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
    const answers = this.#answers
    const type = this.#type
    if (type === Z) {
      answers.ready(bytes[from] ?? 0)
      return
    }
    if (type === C) answers.completed(bytes, from, to)
    else if (type === T) answers.described(answers.keepsDetails ? latin1(bytes, from, to) : '')
    else this.#keptBody(latin1(bytes, from, to))
  }

  /** Of those that come less often, and of rows that are kept. */
  #keptBody(kept: string): void {
    const answers = this.#answers
    switch (this.#type) {
      case D: return answers.keepRow(kept)
      case LOWER_T: return answers.parametersDescribed(kept)
      case E: return answers.failed(kept)
      case N: return answers.noticed(kept)
      case S: return answers.reported(kept)
      case R: return answers.authentication(kept)
      case K: return answers.keyData(kept)
      case A: return answers.notified(kept)
      case G:
      case H:
      case W: return answers.copyBegan(this.#type)
      case LOWER_D: return answers.keepCopied(kept)
      case V: return answers.functionResult(kept)
      case LOWER_V: return answers.negotiated(kept)
    }
  }

  lost(): void {
    this.headBytes = HEAD_BYTES
    this.#errorBegan = false
    this.#answers.lostAnswers()
  }

  search(chunk: Uint8Array): number {
    if (probeBackend(chunk) === 'yes') return 0
    return findReady(chunk)
  }

  left(rest: Uint8Array): void {
    this.#answers.handOver(rest)
  }
}
