import { MtlscopeError } from '../base/errors.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { parseFilter } from '../store/filter/filter.ts'
import type { FilterFlow, FilterSubject } from '../store/filter/subject.ts'
import { jsonLine } from './json-line.ts'

/** Whether a message is wanted. */
export type MessageTest = (flow: FlowInfo, m: Message) => boolean

/** Throws MtlscopeError bad-filter, with the place. docs/filter.md has the language. */
export function messageTest(text: string): MessageTest {
  const parsed = parseFilter(text, Date.now() * 1000)
  if (!parsed.ok) {
    const { message, from, hint } = parsed.problem
    throw new MtlscopeError('bad-filter', `--filter: ${message}, at character ${from + 1}`, { hint: hint ?? 'the language: docs/filter.md', facts: { filter: text } })
  }
  const subject = new MessageSubject()
  return (flow, m) => parsed.filter.matches(subject.set(flow, m))
}

/** Sizes of a payload have other names in other protocols, as in store/record-columns.ts. */
const SIZE_KEYS = ['bodyBytes', 'payloadBytes', 'sizeBytes', 'bytes', 'valueBytes']

/** A message on its way out, as a filter looks at it; what is not looked at is not decoded. */
class MessageSubject implements FilterSubject {
  readonly id = 0
  #flow: FlowInfo | undefined
  #message: Message | undefined

  set(flow: FlowInfo, m: Message): this {
    this.#flow = flow
    this.#message = m
    return this
  }

  get atMicros(): number { return this.#message!.atMicros }
  get elapsedMicros(): number { return this.#message!.elapsedMicros ?? -1 }
  get protocol(): string { return this.#message!.protocol }
  get what(): string { return this.#message!.what }
  get statusCode(): number { return typeof this.#message!.status === 'number' ? this.#message!.status : -1 }
  get status(): string { return typeof this.#message!.status === 'string' ? this.#message!.status : '' }
  get outcome(): string { return this.#message!.outcome }
  get complete(): boolean { return this.#message!.complete }
  get decrypted(): boolean { return this.#message!.decrypted === true }
  get requestBytes(): number { return sizeOf(this.#message!, this.#message!.request) }
  get responseBytes(): number { return sizeOf(this.#message!, this.#message!.response) }
  get request(): object | undefined { return this.#message!.request }
  get response(): object | undefined { return this.#message!.response }
  get notes(): readonly string[] { return this.#message!.notes }
  get record(): string { return jsonLine(this.#flow!, this.#message!) }
  get flow(): FilterFlow { return this.#flow! }
}

/** TLS has records and no payload. */
function sizeOf({ protocol }: Message, half: object | undefined): number {
  if (half === undefined || protocol === 'tls') return -1
  for (const [key, value] of Object.entries(half)) if (SIZE_KEYS.includes(key)) return typeof value === 'number' ? value : -1
  return -1
}
