import type { Settings } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'

/** What the exchanges of a connection need to become readable. One for each connection. */
export interface Reading {
  readonly settings: Settings
  readonly redactor: Redactor
}

export function readingOf(settings: Settings): Reading {
  return { settings, redactor: redactorOf(settings.redaction) }
}
