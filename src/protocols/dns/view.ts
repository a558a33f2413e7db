import type { Redactor } from '../redaction.ts'
import { className, opcodeName, rcodeName, typeName } from './codes.ts'
import { dataText } from './data-text.ts'
import type { EdnsView } from './edns.ts'
import { ednsView } from './edns.ts'
import { AA, AD, CD, HEADER_BYTES, OPCODE_UPDATE, RA, RD, TC, TYPE_OPT, Z, doubleWord, word } from './header.ts'
import { MAX_NAMED_QUESTIONS, MAX_SHOWN_QUESTIONS, MAX_SHOWN_RECORDS } from './limits.ts'
import type { DnsMessage } from './message.ts'
import { nameEnd, nameText } from './name.ts'

interface QuestionView { readonly name: string, readonly type: string, readonly class: string, readonly unicastResponse?: true }
interface RecordView {
  readonly name: string
  readonly type: string
  readonly class: string
  readonly ttlSeconds: number
  readonly data: string
  readonly cacheFlush?: true
  readonly malformed?: true
  readonly truncated?: true
}

/** Of the class, in mDNS: answer by unicast, or replace what is known (RFC 6762 §5.4, §10.2). */
const TOP_BIT = 0x8000

/** Walks over the kept bytes of a message. What the scan refused, or was not kept, ends the walk. */
class MessageReader {
  readonly #m: DnsMessage
  readonly #isMulticast: boolean
  readonly #redactor: Redactor
  readonly #end: number
  #at = HEADER_BYTES
  shown = 0

  constructor(m: DnsMessage, isMulticast: boolean, redactor: Redactor) {
    this.#m = m
    this.#isMulticast = isMulticast
    this.#redactor = redactor
    this.#end = Math.min(m.end, m.bytes.length)
  }

  questions(): QuestionView[] {
    const { bytes, questionEnd } = this.#m
    const list: QuestionView[] = []
    this.#at = HEADER_BYTES
    while (this.#at < questionEnd && list.length < MAX_SHOWN_QUESTIONS) {
      const after = nameEnd(bytes, 0, this.#at, questionEnd)
      const value = word(bytes, after + 2)
      list.push({ name: this.#name(), type: typeName(word(bytes, after)), ...this.#class(value, 'unicastResponse') })
      this.#at = after + 4
    }
    this.#at = questionEnd
    return list
  }

  #name(): string {
    return this.#redactor.text(nameText(this.#m.bytes, 0, this.#at))
  }

  #class(value: number, bit: 'unicastResponse' | 'cacheFlush'): { class: string } {
    if (!this.#isMulticast || (value & TOP_BIT) === 0) return { class: className(value) }
    return { class: className(value & ~TOP_BIT), [bit]: true }
  }

  /** The next `count` records, without OPT. */
  records(count: number): RecordView[] {
    const list: RecordView[] = []
    const { bytes } = this.#m
    for (let left = count; left > 0 && this.#at < this.#end; left--) {
      const after = nameEnd(bytes, 0, this.#at, this.#end)
      const next = after < 0 || after + 10 > this.#end ? -1 : after + 10 + word(bytes, after + 8)
      if (next < 0 || next > this.#end) {
        this.#at = this.#end
        break
      }
      if (word(bytes, after) !== TYPE_OPT && this.shown++ < MAX_SHOWN_RECORDS) list.push(this.#record(after, next))
      this.#at = next
    }
    return list
  }

  #record(after: number, next: number): RecordView {
    const { bytes } = this.#m
    const type = word(bytes, after)
    const { text, malformed, truncated } = dataText(type, bytes, 0, after + 10, next)
    return {
      name: this.#name(), type: typeName(type), ...this.#class(word(bytes, after + 2), 'cacheFlush'),
      ttlSeconds: doubleWord(bytes, after + 4), data: this.#redactor.text(text),
      ...malformed && { malformed }, ...truncated && { truncated },
    }
  }
}

function flagsView(flags: number): object {
  const view: Record<string, true> = {}
  if ((flags & AA) !== 0) view.authoritative = true
  if ((flags & TC) !== 0) view.truncated = true
  if ((flags & RD) !== 0) view.recursionDesired = true
  if ((flags & RA) !== 0) view.recursionAvailable = true
  if ((flags & Z) !== 0) view.reserved = true
  if ((flags & AD) !== 0) view.authenticData = true
  if ((flags & CD) !== 0) view.checkingDisabled = true
  return view
}

/** Names of the four sections; those of an UPDATE are others (RFC 2136 §2). */
const SECTIONS = ['questions', 'answers', 'authorities', 'additionals'] as const
const UPDATE_SECTIONS = ['zone', 'prerequisites', 'updates', 'additionals'] as const

/** A message as plain JSON; `more` are further messages of a transfer, whose answers are appended. */
export function messageView(m: DnsMessage, isMulticast: boolean, redactor: Redactor, more: readonly DnsMessage[] = []): object {
  const reader = new MessageReader(m, isMulticast, redactor)
  const [asked, answered, authorities, additionals] = m.opcode === OPCODE_UPDATE ? UPDATE_SECTIONS : SECTIONS
  const view: Record<string, unknown> = {
    id: m.id, opcode: opcodeName(m.opcode), ...m.isResponse && { rcode: rcodeName(m.rcode) }, flags: flagsView(m.flags), [asked]: reader.questions(),
  }
  const answers = reader.records(word(m.bytes, 6))
  for (const next of more) answers.push(...laterAnswers(next, isMulticast, redactor, reader))
  if (answers.length > 0) view[answered] = answers
  for (const [name, count] of [[authorities, word(m.bytes, 8)], [additionals, word(m.bytes, 10)]] as const) {
    const records = reader.records(count)
    if (records.length > 0) view[name] = records
  }
  if (reader.shown > MAX_SHOWN_RECORDS) view.recordsNotShown = reader.shown - MAX_SHOWN_RECORDS
  if (m.optAt !== 0) view.edns = ednsOf(m)
  view.sizeBytes = m.sentBytes
  return view
}

function laterAnswers(m: DnsMessage, isMulticast: boolean, redactor: Redactor, first: MessageReader): RecordView[] {
  const reader = new MessageReader(m, isMulticast, redactor)
  reader.shown = first.shown
  reader.questions()
  const list = reader.records(word(m.bytes, 6))
  first.shown = reader.shown
  return list
}

function ednsOf(m: DnsMessage): EdnsView {
  return ednsView(m.bytes, m.optAt, m.bytes.length)
}

/** `A web.shop.svc.cluster.local`, of the first questions. Empty where there is none. */
export function questionText(m: DnsMessage): string {
  if (m.questionEnd === HEADER_BYTES) return ''
  const total = word(m.bytes, 4)
  if (total === 1) return oneQuestionText(m, HEADER_BYTES, m.questionEnd - 4)
  const parts: string[] = []
  let at = HEADER_BYTES
  while (at < m.questionEnd && parts.length < MAX_NAMED_QUESTIONS) {
    const after = nameEnd(m.bytes, 0, at, m.questionEnd)
    parts.push(oneQuestionText(m, at, after))
    at = after + 4
  }
  return parts.join(', ') + (total > parts.length ? `, ${total - parts.length} more` : '')
}

function oneQuestionText(m: DnsMessage, at: number, after: number): string {
  const value = word(m.bytes, after + 2) & ~TOP_BIT
  const text = `${typeName(word(m.bytes, after))} ${nameText(m.bytes, 0, at)}`
  return value === 1 ? text : `${className(value)} ${text}`
}

/** `PTR _http._tcp.local +2`, of the first record and how many more there are: what an answer without a question is about. */
export function recordText(m: DnsMessage): string {
  const total = word(m.bytes, 6)
  const after = nameEnd(m.bytes, 0, m.questionEnd, m.bytes.length)
  if (total === 0 || after < 0 || after + 2 > m.bytes.length) return ''
  return `${typeName(word(m.bytes, after))} ${nameText(m.bytes, 0, m.questionEnd)}${total > 1 ? ` +${total - 1}` : ''}`
}
