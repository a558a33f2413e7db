import type { Buffer } from 'node:buffer'
import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { FieldReader } from './fields.ts'
import type { Values } from './fields.ts'
import type { Said } from './said.ts'

/** The client's first eight bytes, and what the server answers: Connection.Start, or the version that it wants. */
export class ProtocolHeader implements Message {
  readonly atMicros: Micros
  readonly #header: Buffer | undefined
  readonly #settings: Settings
  #start: Said | undefined
  #wanted: Buffer | undefined
  #answeredAtMicros: Micros | undefined

  constructor(header: Buffer | undefined, at: Micros, settings: Settings) {
    this.#header = header
    this.atMicros = at
    this.#settings = settings
  }

  /** AMQP 0-9-1, and 0-9 and 0-8, which differ in rare methods only. */
  static isRead(header: Buffer): boolean {
    return /^0-[89]/.test(versionOf(header))
  }

  answer(start: Said): void {
    this.#start = start
    this.#answeredAtMicros = start.atMicros
  }

  refuse(wanted: Buffer, at: Micros): void {
    this.#wanted = wanted
    this.#answeredAtMicros = at
  }

  get protocol(): string {
    return 'amqp'
  }

  get elapsedMicros(): Micros | undefined {
    if (this.#header === undefined || this.#answeredAtMicros === undefined) return undefined
    return Math.max(0, this.#answeredAtMicros - this.atMicros)
  }

  get what(): string {
    const version = this.#header === undefined ? 'without a header' : versionOf(this.#header)
    const product = this.#startArguments?.['serverProperties'] as Values | undefined
    return ['AMQP', version, product?.['product'], product?.['version']].filter((word) => typeof word === 'string').join(' ')
  }

  get #startArguments(): Values | undefined {
    const start = this.#start
    return start === undefined ? undefined : new FieldReader(start.payload, 4, redactorOf(this.#settings.redaction)).arguments(start.method)
  }

  get #isRefused(): boolean {
    return this.#wanted !== undefined && (this.#header === undefined || !this.#wanted.equals(this.#header))
  }

  get status(): string | undefined {
    if (this.#isRefused) return `wants ${versionOf(this.#wanted!)}`
    return this.#start === undefined && this.#wanted === undefined ? undefined : 'OK'
  }

  get outcome(): Outcome {
    if (this.status === undefined) return 'none'
    return this.#isRefused ? 'client-error' : 'ok'
  }

  get request(): object | undefined {
    return this.#header === undefined ? undefined : { version: versionOf(this.#header) }
  }

  get response(): object | undefined {
    if (this.#start !== undefined) return { method: this.#start.method.name, arguments: this.#startArguments }
    return this.#wanted === undefined ? undefined : { version: versionOf(this.#wanted) }
  }

  get complete(): boolean {
    return this.#header !== undefined && this.#answeredAtMicros !== undefined && this.#start?.problem === undefined
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    if (this.#header === undefined) notes.push('the client\'s protocol header was not captured')
    if (this.#answeredAtMicros === undefined) notes.push('no answer was captured')
    if (this.#start?.problem !== undefined) notes.push(`response: ${this.#start.problem}`)
    if (this.#header !== undefined && !ProtocolHeader.isRead(this.#header)) notes.push('this version is not read any further')
    return notes
  }
}

function versionOf(header: Buffer): string {
  const [a, b, c, d] = [header[4], header[5], header[6], header[7]]
  if (a === 0 && b === 0) return `${b}-${c}-${d}`
  if (a === 1 && b === 1) return `${c}-${d}`
  const layer = a === 2 ? ' TLS' : a === 3 ? ' SASL' : ''
  return b === 1 && c === 0 && d === 0 ? `1.0${layer}` : `${a}.${b}.${c}.${d}`
}
