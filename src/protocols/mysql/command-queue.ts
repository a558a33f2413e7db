import type { Sink } from '../protocol.ts'
import type { Command } from './command.ts'
import { MAX_WAITING_BYTES, MAX_WAITING_COMMANDS } from './limits.ts'
import { AFTER_LOSS, ANSWER_CUT, GIVEN_UP, LOST_IN_ANSWER, NO_ANSWER } from './notes.ts'
import type { ServerPackets } from './server-packets.ts'

/** The commands that wait for their answers, oldest first, and the telling of those that do not wait any more. */
export class CommandQueue {
  /** Bytes of answers were lost since a command was told. */
  answersLost = false
  readonly #sink: Sink
  readonly #answers: ServerPackets
  readonly #commands: Command[] = []
  #newest: Command | undefined
  #waitingBytes = 0

  /** `answers`: whoever reads those is told when the next one begins. */
  constructor(sink: Sink, answers: ServerPackets) {
    this.#sink = sink
    this.#answers = answers
  }

  get heldBytes(): number {
    return this.#waitingBytes
  }

  /** The command that the server answers. */
  get head(): Command | undefined {
    return this.#commands[0]
  }

  /** The last one that the client has sent, while it waits. */
  get newest(): Command | undefined {
    return this.#newest
  }

  get isOverfull(): boolean {
    return this.#waitingBytes > MAX_WAITING_BYTES || this.#commands.length > MAX_WAITING_COMMANDS
  }

  push(command: Command): void {
    this.#newest = command
    this.#commands.push(command)
    if (this.#commands.length === 1) this.#answers.begin()
    command.waitingBytes = command.heldBytes
    this.#waitingBytes += command.waitingBytes
  }

  /** All but the newest are given up. False where there are no others. */
  shed(): boolean {
    if (this.#commands.length === 1) return false
    const newest = this.#commands.pop()!
    this.giveUpAll(GIVEN_UP)
    this.#commands.push(newest)
    this.#answers.begin()
    return true
  }

  /** The answer to the oldest is whole, and it is told: `settle` must follow. False where `command` is not the oldest. */
  shift(command: Command): boolean {
    if (this.#commands[0] !== command) return false
    this.#commands.shift()
    return true
  }

  /** The oldest is told; `next` takes its place. */
  replace(command: Command, next: Command): void {
    this.#commands[0] = next
    this.settle(command)
  }

  /** Tells one that waits no longer. */
  settle(command: Command): void {
    this.#waitingBytes -= command.waitingBytes
    command.waitingBytes = 0
    command.result = undefined
    if (command.prepared !== undefined) command.results.length = 0
    if (this.#newest === command) this.#newest = undefined
    this.tell(command)
  }

  /** Tells one that has not waited here. */
  tell(command: Command): void {
    if (command.isOver) return
    command.isOver = true
    if (this.answersLost) {
      this.answersLost = false
      command.bits |= AFTER_LOSS
    }
    this.#sink.message(command)
  }

  /** `bits`: why, where the end of the connection does not say it. */
  giveUpAll(bits: number): void {
    for (const command of this.#commands.splice(0)) {
      const missing = command.answerMicros >= 0 ? ANSWER_CUT : NO_ANSWER
      command.bits |= command.isStream ? 0 : bits === LOST_IN_ANSWER ? bits : bits | missing
      this.settle(command)
    }
    this.#answers.begin()
  }
}
