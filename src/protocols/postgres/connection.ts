import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { Answers } from './answers.ts'
import { Backend } from './backend.ts'
import { Frontend } from './frontend.ts'
import { HEAD_BYTES } from './message-shape.ts'
import { Requests } from './requests.ts'
import { Session } from './session.ts'

/** Both sides of a connection to PostgreSQL: what is asked is queued, what is answered is put to the first in the queue. */
export class PostgresConnection implements InPlaceDissector {
  readonly #session: Session
  readonly #requests: Requests
  readonly #frontend: Frontend
  readonly #backend: Backend
  #requestsEnded = false

  constructor(sink: Sink, settings: Settings) {
    const session = this.#session = new Session(sink, settings)
    this.#requests = new Requests(session)
    session.frontend = this.#frontend = new Frontend(this.#requests, settings.bodyLimitBytes)
    session.backend = this.#backend = new Backend(new Answers(session))
  }

  joinedLate(): void {
    this.#session.hasBegun = true
    this.#frontend.headBytes = HEAD_BYTES
    this.#frontend.stream.seek()
    this.#backend.stream.seek()
  }

  get heldBytes(): number {
    return this.#session.heldBytes
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.#session.isOver) return
    if (side === CLIENT) this.#frontend.stream.dataIn(buf, from, to, at)
    else this.#backend.stream.dataIn(buf, from, to, at)
  }

  gap(side: Side, bytes: number): void {
    if (side === CLIENT) this.#frontend.stream.gap(bytes)
    else this.#backend.stream.gap(bytes)
  }

  end(side: Side): void {
    const session = this.#session
    const { pending } = session
    if (session.isOver) return
    session.isEnding = true
    if (side === CLIENT) {
      this.#frontend.stream.end()
      this.#requestsEnded = true
      pending.seal()
      this.#requests.endStart()
    } else {
      this.#backend.stream.end()
      pending.answersEnded = true
      pending.endAnswers()
    }
    session.isEnding = false
    if (this.#requestsEnded && pending.answersEnded) this.#close()
  }

  #close(): void {
    const session = this.#session
    session.isOver = true
    if (session.requestsLost) session.sink.malformed(CLIENT, 'bytes were lost, and nothing was recognised behind them', this.#frontend.stream.offset)
    if (session.pending.answersLost) session.sink.malformed(SERVER, 'bytes were lost, and nothing was recognised behind them', this.#backend.stream.offset)
  }
}
