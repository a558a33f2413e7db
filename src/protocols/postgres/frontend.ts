import { latin1 } from '../http/bytes.ts'
import { MIN_STATEMENT_BYTES } from '../sql/limits.ts'
import type { FrameOwner } from '../sql/frame-stream.ts'
import { FrameStream } from '../sql/frame-stream.ts'
import { MAX_SMALL_BYTES, MAX_STARTUP_BYTES } from './limits.ts'
import { B, C, D, E, F, FRONTEND, H, HEAD_BYTES, LOWER_C, LOWER_D, LOWER_F, LOWER_P, P, Q, S, X, u32 } from './message-shape.ts'
import { STARTUP_HEAD_BYTES, isStartup, probeFrontend, probeStartup } from './probe.ts'
import type { Requests } from './requests.ts'

/** What a client sends: first packets without a type, then messages. */
export class Frontend implements FrameOwner {
  readonly stream: FrameStream
  headBytes = STARTUP_HEAD_BYTES
  readonly #requests: Requests
  readonly #limitBytes: number
  #type = 0
  #size = 0

  constructor(requests: Requests, limitBytes: number) {
    this.#requests = requests
    this.#limitBytes = limitBytes
    this.stream = new FrameStream(this)
  }

  head(bytes: Uint8Array, from: number): number {
    return this.headBytes === STARTUP_HEAD_BYTES ? this.#startupHead(bytes, from) : this.#messageHead(bytes, from)
  }

  #startupHead(bytes: Uint8Array, from: number): number {
    const length = u32(bytes, from)
    const code = u32(bytes, from + 4)
    if (!isStartup(code, length)) {
      this.#requests.refuse('no start-up where one must be')
      return -1
    }
    this.#type = 0
    this.#size = length - STARTUP_HEAD_BYTES
    this.stream.wantedBytes = MAX_STARTUP_BYTES
    if (this.#requests.startup(code) === 'message') this.headBytes = HEAD_BYTES
    return this.#size
  }

  #messageHead(bytes: Uint8Array, from: number): number {
    const type = bytes[from]!
    const length = u32(bytes, from + 1)
    if (!FRONTEND.fits(type, length)) {
      this.#requests.refuse('no message where one must begin')
      return -1
    }
    this.#type = type
    this.#size = length - 4
    this.#want(type)
    return this.#size
  }

  #want(type: number): void {
    switch (type) {
      case Q:
      case P:
      case B:
      case F:
        this.stream.wantedBytes = Math.max(this.#limitBytes, MIN_STATEMENT_BYTES)
        break
      case LOWER_D:
        this.#requests.copiedIn(this.#size)
        this.stream.wantedBytes = this.#requests.copyBudget()
        break
      case D:
      case C:
      case E:
      case LOWER_P:
      case LOWER_F:
        this.stream.wantedBytes = MAX_SMALL_BYTES
        break
      case S:
        this.#requests.sync()
        break
      case X:
      case H:
      case LOWER_C:
        break
    }
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    const requests = this.#requests
    switch (this.#type) {
      case B: return requests.bind(bytes, from, to)
      case D: return requests.describe(bytes, from, to)
      case E: return requests.execute(bytes, from, to)
      default: this.#keptBody(latin1(bytes, from, to))
    }
  }

  /** Of those that come less often. */
  #keptBody(kept: string): void {
    const requests = this.#requests
    switch (this.#type) {
      case 0: return requests.startupBody(kept)
      case Q: return requests.query(kept, this.#size)
      case P: return requests.parse(kept, this.#size)
      case C: return requests.close(kept)
      case F: return requests.functionCall(kept, this.#size)
      case LOWER_P: return requests.password(kept)
      case LOWER_D: return requests.keepCopied(kept)
      case LOWER_F: return requests.copyFailed(kept)
    }
  }

  lost(): void {
    this.headBytes = HEAD_BYTES
    this.#requests.lostRequests()
  }

  search(chunk: Uint8Array): number {
    if (chunk[0] === 0 && probeStartup(chunk) === 'yes') {
      this.headBytes = STARTUP_HEAD_BYTES
      return 0
    }
    return probeFrontend(chunk) === 'yes' ? 0 : -1
  }

  left(): void {
    // Only the other side decides on leaving.
  }
}
