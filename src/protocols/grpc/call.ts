import { Buffer } from 'node:buffer'
import type { Outcome } from '../../model/message.ts'
import type { Header } from '../http/headers.ts'
import { headerValue } from '../http/headers.ts'
import type { HttpCall, LensView } from '../http/lens.ts'
import { decodeMessage } from '../protobuf/decode.ts'
import type { JsonObject, JsonValue } from '../protobuf/json-value.ts'
import { schemasOf } from '../protobuf/schemas.ts'
import type { MethodType } from '../protobuf/types.ts'
import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { GrpcHalf } from './half.ts'
import { MAX_DETAILS_LENGTH } from './limits.ts'
import type { MessageView } from './message-view.ts'
import { messageView, payloadsOf } from './message-view.ts'
import { halfNotes } from './notes.ts'
import type { ResetStatus } from './reset-status.ts'
import { resetStatus } from './reset-status.ts'
import { learnFrom } from './reflection.ts'
import { STATUS_NAMES, clientStatusOf, outcomeOf, outcomeOfHttp, parseStatus, parseStatusMessage } from './status.ts'
import { parseTimeoutMicros } from './timeout.ts'

const TOLD = /^grpc-(?:status|message|status-details-bin)$/i

/** A gRPC call as it was seen. All but its line is made when it is read. */
export class GrpcCall implements LensView {
  readonly #call: HttpCall
  readonly #settings: Settings
  readonly #request: GrpcHalf | undefined
  readonly #response: GrpcHalf | undefined
  readonly #service: string
  readonly #method: string
  #learningNote: string | undefined

  constructor(call: HttpCall, settings: Settings) {
    this.#call = call
    this.#settings = settings
    this.#request = call.request && new GrpcHalf(call.request)
    this.#response = call.response && new GrpcHalf(call.response)
    const path = call.target.split('?', 1)[0]!
    const slash = path.lastIndexOf('/')
    this.#service = path.slice(path.startsWith('/') ? 1 : 0, Math.max(slash, 1))
    this.#method = path.slice(slash + 1)
    if (this.#response !== undefined) this.#learningNote = learnFrom(this.#fullService, this.#method, this.#response, settings)
  }

  /** Without what a gateway put before it. */
  get #fullService(): string {
    return this.#service.slice(this.#service.lastIndexOf('/') + 1)
  }

  get what(): string {
    if (this.#call.target === '') return 'response without request'
    const { target } = this.#call
    return redactorOf(this.#settings.redaction).target(target.startsWith('/') ? target.slice(1) : target)
  }

  get #grpcStatus(): string {
    return this.#response?.field('grpc-status') ?? ''
  }

  /** Name of the status; as sent where it has none. */
  get #statusName(): string | undefined {
    const sent = this.#grpcStatus
    const code = parseStatus(sent)
    return sent === '' ? undefined : STATUS_NAMES[code ?? -1] ?? sent
  }

  get status(): number | string | undefined {
    return this.#statusName ?? this.#cancelled?.name ?? (this.#call.status === 200 ? undefined : this.#call.status)
  }

  get outcome(): Outcome {
    const name = this.#statusName
    if (name !== undefined) return outcomeOf(name)
    return this.#cancelled?.outcome ?? outcomeOfHttp(this.#call.status ?? 0)
  }

  /** How it ended where it was cut short; an HTTP status other than 200 says more. */
  get #cancelled(): ResetStatus | undefined {
    const { reset, status } = this.#call
    if (reset === undefined || this.#grpcStatus !== '' || (status !== undefined && status !== 200)) return undefined
    const deadline = this.#deadlineMicros
    return resetStatus(reset, typeof deadline === 'number' ? deadline : undefined)
  }

  get #deadlineMicros(): number | string | undefined {
    const sent = this.#request === undefined ? '' : headerValue(this.#request.http.headers, 'grpc-timeout')
    return sent === '' ? undefined : parseTimeoutMicros(sent)
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    const cancelled = this.#cancelled
    if (cancelled !== undefined) notes.push(cancelled.why)
    if (this.#request !== undefined) halfNotes(notes, 'request', this.#request)
    if (this.#response !== undefined) halfNotes(notes, 'response', this.#response)
    if (this.#response !== undefined && this.#grpcStatus === '') this.#addMissingStatus(notes, this.#response)
    if (this.#learningNote !== undefined) notes.push(this.#learningNote)
    return notes
  }

  /** Whether an answer has come to its end HTTP says. */
  #addMissingStatus(notes: string[], { http, isWeb }: GrpcHalf): void {
    const { status } = this.#call
    if (status !== undefined && status !== 200) notes.push(`no grpc-status: a client makes ${clientStatusOf(status)} of HTTP status ${status}`)
    else if (isWeb && !http.bodyIsWhole) notes.push('no grpc-status in what was kept of the body, at whose end it stands')
  }

  get request(): object | undefined {
    const half = this.#request
    if (half === undefined) return undefined
    const deadlineMicros = this.#deadlineMicros
    const redactor = redactorOf(this.#settings.redaction)
    return {
      service: redactor.text(this.#service),
      method: redactor.text(this.#method),
      ...half.type,
      ...deadlineMicros !== undefined && { deadlineMicros },
      ...half.compression !== '' && { compression: half.compression },
      messages: this.#messages(half, this.#types?.input),
      ...half.frames.omitted > 0 && { omittedMessages: half.frames.omitted },
    }
  }

  get response(): object | undefined {
    const half = this.#response
    if (half === undefined) return undefined
    return {
      ...this.#statusFields(half),
      ...half.type,
      ...half.compression !== '' && { compression: half.compression },
      messages: this.#messages(half, this.#types?.output),
      ...half.frames.omitted > 0 && { omittedMessages: half.frames.omitted },
      ...this.#trailers(half.webTrailers),
    }
  }

  get #types(): MethodType | undefined {
    return schemasOf(this.#settings).method(this.#fullService, this.#method)
  }

  #messages(half: GrpcHalf, type: string | undefined): MessageView[] {
    const payloads = payloadsOf(half, this.#settings.bodyLimitBytes)
    return half.frames.messages.map((frame, i) => messageView(frame, payloads[i]!, half, type, this.#settings))
  }

  /** Those that are not told as status, message and details. They stand in the body, so texts are hidden too. */
  #trailers(headers: readonly Header[]): { trailers?: Header[] } {
    const redactor = redactorOf(this.#settings.redaction)
    const others = headers.filter(({ name }) => !TOLD.test(name))
    return others.length === 0 ? {} : { trailers: others.map(({ name, value }) => ({ name: redactor.text(name), value: redactor.text(redactor.header(name, value)) })) }
  }

  #statusFields(half: GrpcHalf): object {
    const message = half.field('grpc-message')
    const details = this.#details(half.field('grpc-status-details-bin'))
    const code = parseStatus(this.#grpcStatus)
    return {
      status: this.#statusName,
      statusCode: code,
      ...message !== '' && { message: redactorOf(this.#settings.redaction).text(parseStatusMessage(message)) },
      ...details !== undefined && { details },
    }
  }

  /** Of the google.rpc.Status in `grpc-status-details-bin`; of a broken one its base64. */
  #details(sent: string): JsonValue | undefined {
    if (sent === '' || sent.length > MAX_DETAILS_LENGTH) return undefined
    const redactor = redactorOf(this.#settings.redaction)
    const schemas = schemasOf(this.#settings)
    const bytes = Buffer.from(sent.split(',', 1)[0]!, 'base64')
    const decoded = decodeMessage(bytes, schemas.message('google.rpc.Status')!, schemas, redactor)
    return decoded === undefined ? redactor.text(sent) : (decoded.value as JsonObject).details ?? []
  }

  get showsBody(): boolean {
    return [this.#request, this.#response].every((half) => half === undefined || half.http.bodyBytes === 0 || (half.type !== undefined && !half.frames.isBroken))
  }
}
