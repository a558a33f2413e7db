import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Handover, InPlaceDissector, Settings, Sink } from '../protocol.ts'
import type { Context } from './context.ts'
import { contextOf } from './context.ts'
import type { WebSocketMessage } from './message.ts'
import type { SideOwner } from './side-reader.ts'
import { SideReader } from './side-reader.ts'

/** Both sides of a WebSocket connection, which speak independently of each other. */
export class WebSocketConnection implements InPlaceDissector, SideOwner {
  readonly #sink: Sink
  readonly #context: Context
  readonly #client: SideReader
  readonly #server: SideReader
  /** That it is WebSocket is known, and not guessed. */
  #isCertain: boolean

  constructor(sink: Sink, settings: Settings, handover: Handover | undefined) {
    const context = contextOf(settings, handover)
    this.#sink = sink
    this.#context = context
    this.#isCertain = handover !== undefined
    this.#client = new SideReader(this, context, CLIENT)
    this.#server = new SideReader(this, context, SERVER)
  }

  joinedLate(): void {
    this.#client.seek()
    this.#server.seek()
  }

  get heldBytes(): number {
    return this.#client.heldBytes + this.#server.heldBytes + (this.#context.reader?.heldBytes ?? 0)
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.#reader(side).feed(chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#reader(side).feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#reader(side).gap(bytes, at)
  }

  end(side: Side, at: Micros): void {
    this.#reader(side).end(at)
  }

  #reader(side: Side): SideReader {
    return side === CLIENT ? this.#client : this.#server
  }

  said(message: WebSocketMessage): void {
    this.#isCertain = true
    message.look()
    this.#sink.message(message)
  }

  broken(side: Side, what: string, offset: number): boolean {
    if (this.#isCertain) {
      this.#sink.malformed(side, what, offset)
      return false
    }
    this.#client.stop()
    this.#server.stop()
    this.#sink.disown()
    return true
  }
}
