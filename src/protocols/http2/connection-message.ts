import type { Message, Outcome } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { textOf } from '../http/headers.ts'
import type { Redactor } from '../redaction.ts'
import { errorName } from './error-codes.ts'
import type { SettingsView } from './settings-frame.ts'

/** A connection is given up with an error (RFC 9113 §6.8). */
export class GoawayMessage implements Message {
  readonly protocol = 'http2'
  readonly atMicros: Micros
  readonly elapsedMicros = undefined
  readonly what: string
  readonly status: string
  readonly outcome: Outcome
  readonly request: object | undefined
  readonly response: object | undefined
  readonly complete = true
  readonly notes: readonly string[]

  /** `debugData`: one character a byte. */
  constructor(side: Side, atMicros: Micros, code: number, lastStream: number, debugData: string, isCut: boolean, redactor: Redactor) {
    const view = { goaway: { errorCode: errorName(code), lastStream, debugData: debugData === '' ? undefined : redactor.text(textOf(debugData)) } }
    this.atMicros = atMicros
    this.what = `GOAWAY after stream ${lastStream}`
    this.status = errorName(code)
    this.outcome = side === CLIENT ? 'client-error' : 'server-error'
    this.request = side === CLIENT ? view : undefined
    this.response = side === CLIENT ? undefined : view
    this.notes = isCut ? ['only the first part of the debug data is shown'] : []
  }
}

/** A connection of which there is nothing else to tell, so that it is mentioned at all. */
export function unusedMessage(atMicros: Micros, client: SettingsView, server: SettingsView, notes: readonly string[]): Message {
  return {
    protocol: 'http2',
    atMicros,
    elapsedMicros: undefined,
    what: 'connection without requests',
    status: undefined,
    outcome: 'none',
    request: { settings: client },
    response: { settings: server },
    complete: notes.length === 0,
    notes,
  }
}
