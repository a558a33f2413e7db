import { isUtf8 } from 'node:buffer'
import type { Message, Outcome } from '../../model/message.ts'
import { SERVER, sideName } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { FieldReader, readProperties } from './fields.ts'
import type { Values } from './fields.ts'
import { ACK, CHANNEL_CLOSE, CONNECTION_CLOSE, DELIVER, GET_EMPTY, NACK, PUBLISH, REJECT, RETURN } from './methods.ts'
import type { Said } from './said.ts'

const SUBJECTS = ['exchange', 'destination', 'queue', 'consumerTag', 'virtualHost', 'user', 'mechanism']
const SERVER_FAULTS = new Set([313, 320, 506, 541])

/** A method with what answers it: the reply of a synchronous one, the confirm of a Publish, the acknowledgement of a Deliver. */
export class Exchange implements Message {
  readonly asked: Said | undefined
  answer: Said | undefined = undefined
  /** Nothing answers it, as far as is known. */
  isOneWay = false
  /** Number of a Publish that waits for its confirm, tag of a Deliver. */
  tag = 0
  readonly extra: string[] = []
  readonly #settings: Settings
  #arguments: Values | undefined

  constructor(asked: Said | undefined, settings: Settings) {
    this.asked = asked
    this.#settings = settings
  }

  get protocol(): string {
    return 'amqp'
  }

  get atMicros(): Micros {
    return (this.asked ?? this.answer!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    if (this.asked === undefined || this.answer === undefined) return undefined
    return Math.max(0, this.answer.atMicros - this.asked.atMicros)
  }

  get what(): string {
    const { asked } = this
    if (asked === undefined) return `${this.answer!.method.name} without its method`
    this.#arguments ??= this.#argumentsOf(asked)
    return [asked.method.name, subjectOf(asked, this.#arguments)].filter((text) => text !== '').join(' ')
  }

  get status(): number | string | undefined {
    const { answer, asked } = this
    const code = this.#replyCode
    if (code !== undefined) return code
    if (answer === undefined || asked === undefined) return undefined
    switch (answer.method.id) {
      case ACK: return 'ack'
      case NACK: return 'nack'
      case REJECT: return 'reject'
      case GET_EMPTY: return 'empty'
      default: return 'OK'
    }
  }

  /** Of a close, whether it answers or begins, and of a Return. */
  get #replyCode(): number | undefined {
    for (const said of [this.answer, this.asked]) {
      if (said === undefined) continue
      const { id } = said.method
      if (id !== CONNECTION_CLOSE && id !== CHANNEL_CLOSE && id !== RETURN) continue
      if (said.payload.length >= 6) return said.payload.readUInt16BE(4)
    }
    return undefined
  }

  get outcome(): Outcome {
    const code = this.#replyCode
    if (code !== undefined) return code < 300 ? 'ok' : SERVER_FAULTS.has(code) ? 'server-error' : 'client-error'
    if (this.answer === undefined) return 'none'
    const { id } = this.answer.method
    if (id !== NACK && id !== REJECT) return 'ok'
    return this.answer.side === SERVER ? 'server-error' : 'client-error'
  }

  get request(): object | undefined {
    return this.asked === undefined ? undefined : this.#view(this.asked)
  }

  get response(): object | undefined {
    return this.answer === undefined ? undefined : this.#view(this.answer)
  }

  get complete(): boolean {
    const { asked, answer } = this
    if (asked === undefined || asked.problem !== undefined) return false
    return answer === undefined ? this.isOneWay : answer.problem === undefined
  }

  get notes(): readonly string[] {
    const { asked, answer } = this
    const notes: string[] = []
    if (asked === undefined) notes.push('what it answers was not captured')
    if (asked !== undefined && answer === undefined && !this.isOneWay) notes.push(missing(asked))
    if (asked?.problem !== undefined) notes.push(`request: ${asked.problem}`)
    if (answer?.problem !== undefined) notes.push(`response: ${answer.problem}`)
    if (asked?.isAfterLoss === true) notes.push('request: bytes before it were lost or skipped')
    if (answer?.isAfterLoss === true) notes.push('response: bytes before it were lost or skipped')
    return [...notes, ...this.extra]
  }

  #argumentsOf({ method, payload }: Said): Values {
    return new FieldReader(payload, 4, redactorOf(this.#settings.redaction)).arguments(method)
  }

  #view(said: Said): object {
    const { method, channel, side, header, sizeBytes } = said
    const redactor = redactorOf(this.#settings.redaction)
    return {
      method: method.name, channel, from: sideName(side), arguments: this.#argumentsOf(said),
      properties: header === undefined ? undefined : readProperties(new FieldReader(header, 12, redactor)),
      bodyBytes: sizeBytes < 0 ? undefined : sizeBytes, body: bodyOf(said, (text) => redactor.text(text)),
      heartbeats: said.heartbeats || undefined,
    }
  }
}

function missing({ method }: Said): string {
  if (method.id === PUBLISH) return 'no confirm was captured'
  return method.id === DELIVER ? 'no acknowledgement was captured' : 'no answer was captured'
}

/** `orders new.eu`: exchange and routing key; the default exchange has no name. */
function subjectOf({ method }: Said, values: Values): string {
  const { routingKey, exchange, replyText } = values
  if (typeof replyText === 'string' && method.id !== RETURN) return replyText
  if (typeof routingKey === 'string') return [exchange ?? values['queue'] ?? values['destination'], routingKey].filter((text) => typeof text === 'string' && text !== '').join(' ')
  const name = SUBJECTS.find((one) => typeof values[one] === 'string' && values[one] !== '')
  return name === undefined ? '' : String(values[name])
}

function bodyOf({ body, bodyBytes, sizeBytes }: Said, redact: (text: string) => string): object | undefined {
  if (body.length === 0) return undefined
  const bytes = body.bytes()
  const truncated = bodyBytes > bytes.length || bodyBytes < sizeBytes ? true : undefined
  return isUtf8(bytes) && !bytes.includes(0) ? { text: redact(bytes.toString('utf8')), truncated } : { base64: bytes.toString('base64'), truncated }
}
