import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT } from '../model/side.ts'
import type { Micros } from '../model/time.ts'

/** Counts what passes on a connection, so that bytes which no dissector claims are still mentioned. */
export class UnclaimedBytes {
  /** Bytes of the client and of the server; a number each, because this is added to with every chunk. */
  clientBytes = 0
  serverBytes = 0
  lostBytes = 0
  joinedLate = false
  /** The protocol that the connection went on as, where that one is known by name only. */
  successor: string | undefined = undefined
  /** What the user said that it is, where it is not. */
  wrongly: string | undefined = undefined
  /** What the user said that it is, where nothing speaks for it or against it. */
  nothingOf: string | undefined = undefined
  #clientAt: Micros = -1
  #serverAt: Micros = -1

  add(side: Side, bytes: number, at: Micros): void {
    if (side === CLIENT) {
      this.clientBytes += bytes
      if (this.#clientAt < 0) this.#clientAt = at
    } else {
      this.serverBytes += bytes
      if (this.#serverAt < 0) this.#serverAt = at
    }
  }

  get bytes(): number {
    return this.clientBytes + this.serverBytes
  }

  /** The connection went on as something else: what was counted so far belongs to a dissector. */
  reset(successor: string | undefined): void {
    this.clientBytes = this.serverBytes = this.lostBytes = 0
    this.#clientAt = this.#serverAt = -1
    this.successor = successor
  }

  swap(): void {
    [this.clientBytes, this.serverBytes] = [this.serverBytes, this.clientBytes];
    [this.#clientAt, this.#serverAt] = [this.#serverAt, this.#clientAt]
  }

  /** @param lastMicros when the connection ended */
  message(lastMicros: Micros): Message {
    return {
      protocol: 'tcp',
      atMicros: this.#firstAt(lastMicros),
      elapsedMicros: this.#elapsed(),
      what: `${bytesText(this.clientBytes)} out, ${bytesText(this.serverBytes)} in`,
      status: this.wrongly === undefined ? undefined : wrongStatus(this.wrongly),
      outcome: 'none',
      request: { bytes: this.clientBytes, durationMicros: Math.max(0, lastMicros - this.#firstAt(lastMicros)) },
      response: { bytes: this.serverBytes },
      complete: this.lostBytes === 0 && !this.joinedLate,
      notes: this.#notes(),
    }
  }

  #firstAt(lastMicros: Micros): Micros {
    if (this.#clientAt < 0) return this.#serverAt < 0 ? lastMicros : this.#serverAt
    return this.#serverAt < 0 ? this.#clientAt : Math.min(this.#clientAt, this.#serverAt)
  }

  /** Only where the client spoke first: a greeting answers nothing. */
  #elapsed(): Micros | undefined {
    if (this.#clientAt < 0 || this.#serverAt < this.#clientAt) return undefined
    return this.#serverAt - this.#clientAt
  }

  #notes(): string[] {
    const notes: string[] = []
    if (this.joinedLate) notes.push('the start of the connection was not captured')
    if (this.lostBytes > 0) notes.push(`${bytesText(this.lostBytes)} lost`)
    if (this.wrongly !== undefined) notes.push(wrongNote(this.wrongly))
    if (this.nothingOf !== undefined) notes.push(`nothing of ${this.nothingOf} is in it, which --decode-as says that it is`)
    if (this.successor !== undefined) notes.push(`continues as ${this.successor}, which cannot be read yet`)
    return notes
  }
}

/** What a line says where the user named a protocol that it is not. */
export function wrongStatus(protocol: string): string {
  return `not ${protocol}`
}

/** The same in a sentence. */
export function wrongNote(protocol: string): string {
  return `this is not ${protocol}, which --decode-as says`
}

/** `1 204 bytes`: groups of three, parted by a space. */
export function bytesText(bytes: number): string {
  const digits = String(bytes).replace(/\B(?=(?:\d{3})+$)/g, ' ')
  return `${digits} ${bytes === 1 ? 'byte' : 'bytes'}`
}

/** A SYN that led nowhere: `refusedMicros` is when it was refused by RST, undefined where nobody answered. */
export function failedConnection(firstMicros: Micros, lastMicros: Micros, sent: number, refusedMicros: Micros | undefined): Message {
  const isRefused = refusedMicros !== undefined
  return {
    protocol: 'tcp',
    atMicros: firstMicros,
    elapsedMicros: isRefused ? Math.max(0, refusedMicros - firstMicros) : undefined,
    what: isRefused ? 'connection refused' : `no answer to ${sent === 1 ? 'a SYN' : `${sent} SYNs`}`,
    status: isRefused ? 'refused' : 'unanswered',
    outcome: isRefused ? 'server-error' : 'none',
    request: { bytes: 0, attempts: sent, durationMicros: Math.max(0, lastMicros - firstMicros) },
    response: isRefused ? { bytes: 0 } : undefined,
    complete: isRefused,
    notes: isRefused ? [] : ['the SYN was not answered'],
  }
}

/** A connection on which nothing was said, or nothing was captured of what was. */
export function silentConnection(firstMicros: Micros, lastMicros: Micros, joinedLate: boolean, wasReset: boolean): Message {
  const notes: string[] = []
  if (joinedLate) notes.push('the start of the connection was not captured')
  if (wasReset) notes.push('ended by RST')
  return {
    protocol: 'tcp',
    atMicros: firstMicros,
    elapsedMicros: undefined,
    what: 'connection without data',
    status: 'no data',
    outcome: 'none',
    request: { bytes: 0, durationMicros: Math.max(0, lastMicros - firstMicros) },
    response: { bytes: 0 },
    complete: !joinedLate,
    notes,
  }
}
