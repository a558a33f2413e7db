import type { Exchange } from './exchange.ts'
import type { Frame } from './frame.ts'
import { MAX_QUEUED, MAX_QUEUED_BYTES } from './limits.ts'
import { QUEUE_CUT } from './notes.ts'

const QUEUED = '+QUEUED\r\n'

/** The commands between MULTI and EXEC, in order, so that the results can be told apart. */
export class Transaction {
  #queued: Exchange[] = []
  #isOpen = false
  #isCut = false
  #heldBytes = 0

  get isOpen(): boolean {
    return this.#isOpen
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  begin(): void {
    this.forget()
    this.#isOpen = true
  }

  forget(): void {
    this.#isOpen = this.#isCut = false
    this.#queued = []
    this.#heldBytes = 0
  }

  joined(exchange: Exchange, reply: Frame): void {
    if (reply.text !== QUEUED || this.#isCut) return
    const bytes = exchange.command!.text.length
    this.#isCut = this.#queued.length === MAX_QUEUED || this.#heldBytes + bytes > MAX_QUEUED_BYTES
    if (this.#isCut) {
      this.#queued = []
      this.#heldBytes = 0
    } else {
      this.#queued.push(exchange)
      this.#heldBytes += bytes
    }
  }

  executed(exec: Exchange): void {
    if (this.#isOpen && !this.#isCut && exec.reply!.text.startsWith('*')) exec.queued = this.#queued
    if (this.#isCut) exec.reply!.bits |= QUEUE_CUT
    this.forget()
  }
}
