import type { Settings } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'
import type { DnsExchange } from './exchange.ts'
import { DnsMessage } from './message.ts'
import { QuestionMemo } from './question-memo.ts'

/** Exchanges that wait to serve again. */
const MAX_SPARE = 16

/** What all connections of an engine have in common: what is kept and hidden, what was asked before, and objects that serve again. */
export class Reading {
  readonly redactor: Redactor
  /** Of each message. */
  readonly keepBytes: number
  /** Only lines are wanted, which tell what was asked and how it went. */
  readonly isForLine: boolean
  /** Where details are wanted each query keeps its own bytes. */
  readonly questions: QuestionMemo | undefined
  readonly #readAtOnce: boolean
  readonly #exchanges: DnsExchange[] = []
  readonly #messages: DnsMessage[] = []

  constructor(settings: Settings) {
    this.redactor = redactorOf(settings.redaction)
    this.keepBytes = settings.bodyLimitBytes
    this.isForLine = settings.details === false
    this.questions = this.isForLine ? new QuestionMemo() : undefined
    this.#readAtOnce = settings.readAtOnce === true
  }

  /** To be filled. */
  message(): DnsMessage {
    return this.#messages.pop() ?? new DnsMessage()
  }

  /** One that was over, to begin with another query. */
  exchange(): DnsExchange | undefined {
    return this.#exchanges.pop()
  }

  /** It was told, and nothing that told it looks at it again. */
  giveBack(exchange: DnsExchange): void {
    if (!this.#readAtOnce || this.#exchanges.length >= MAX_SPARE) return
    const { query, answer } = exchange
    query!.clear()
    answer!.clear()
    exchange.clear()
    this.#messages.push(query!, answer!)
    this.#exchanges.push(exchange)
  }
}

const readings = new WeakMap<Settings, Reading>()
/** Asked for with each flow, mostly with the settings of the one before: a map takes 50 ns. */
let latestSettings: Settings | undefined
let latestReading: Reading | undefined

export function readingOf(settings: Settings): Reading {
  if (settings === latestSettings) return latestReading!
  let reading = readings.get(settings)
  if (reading === undefined) readings.set(settings, reading = new Reading(settings))
  latestSettings = settings
  return latestReading = reading
}
