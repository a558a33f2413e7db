import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import { cutMiddle } from '../../base/text.ts'
import { commandText } from './command-text.ts'
import { commandView } from './command-view.ts'
import type { Showing } from './exchange.ts'
import type { Frame } from './frame.ts'
import { MAX_SHOWN_CHARACTERS } from './limits.ts'
import { SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import { replyView } from './reply.ts'
import { hideInMonitored } from './secrets.ts'
import type { Json } from './value.ts'
import { ValueReader } from './value.ts'

/** A published message, an invalidation, a confirmation that nobody waits for. */
export const PUSHED = 0
/** A line of MONITOR. */
export const MONITORED = 1
/** A command that a server sends to its replica. */
export const REPLICATED = 2
/** The snapshot that a replica begins with. */
export const SNAPSHOT = 3

/** What the server says without being asked: complete without a request. */
export class Push implements Message {
  readonly #showing: Showing
  readonly #frame: Frame
  readonly #kind: number
  #response: object | undefined = undefined

  constructor(showing: Showing, frame: Frame, kind: number) {
    this.#showing = showing
    this.#frame = frame
    this.#kind = kind
  }

  get protocol(): string {
    return 'redis'
  }

  get atMicros(): Micros {
    return this.#frame.atMicros
  }

  get elapsedMicros(): undefined {
    return undefined
  }

  get what(): string {
    const { redactor } = this.#showing
    switch (this.#kind) {
      case MONITORED: return `monitored ${cutMiddle(redactor.text(this.#monitored().words), MAX_SHOWN_CHARACTERS)}`
      case REPLICATED: return `replicated ${commandText(this.#frame, redactor)}`
      case SNAPSHOT: return `snapshot (${this.#frame.sizeBytes} bytes)`
      default: return this.#pushed()
    }
  }

  /** `message orders`: what kind of push, and its channels or keys. What is published stands last, and is not shown. */
  #pushed(): string {
    const reader = new ValueReader(this.#frame.text, 0, this.#showing.redactor)
    reader.type()
    const value = reader.read()
    const list = Array.isArray(value) ? value as readonly Json[] : []
    const shown = String(list[0]).endsWith('message') ? list.slice(0, -1) : list.slice(0, 2)
    return cutMiddle(shown.flat().filter((word) => word !== null).map((word) => typeof word === 'object' ? '…' : String(word)).join(' '), MAX_SHOWN_CHARACTERS)
      || 'push'
  }

  /** `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"` */
  #monitored(): { clock: string | undefined, database: number | undefined, client: string | undefined, words: string } {
    const reader = new ValueReader(this.#frame.text, 0, this.#showing.redactor)
    const line = String(reader.read() ?? '')
    const match = /^(\d+\.\d+) \[(\d+) ([^\]]*)\] ([\s\S]*)$/.exec(line)
    const { redactor } = this.#showing
    const words = match?.[4] ?? line
    return { clock: match?.[1], database: match === null ? undefined : Number(match[2]), client: match?.[3], words: redactor.credentials ? hideInMonitored(words, redactor) : words }
  }

  get status(): undefined {
    return undefined
  }

  get outcome(): Outcome {
    return 'info'
  }

  get request(): undefined {
    return undefined
  }

  get response(): object {
    return this.#response ??= this.#makeResponse()
  }

  #makeResponse(): object {
    const { redactor, withValues } = this.#showing
    const frame = this.#frame
    switch (this.#kind) {
      case REPLICATED: return commandView(frame, redactor, withValues)
      case SNAPSHOT: return { type: 'snapshot', bytes: frame.sizeBytes, durationMicros: Math.max(0, frame.endMicros - frame.atMicros) }
      case MONITORED: return { type: 'monitor', ...this.#monitored(), bytes: frame.sizeBytes }
      default: return replyView(frame, redactor, withValues)
    }
  }

  get complete(): boolean {
    return this.#frame.complete
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    addSentences(notes, SENTENCES, 'response', this.#frame.bits)
    return notes
  }
}
