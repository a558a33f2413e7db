import { headerValue } from '../http/headers.ts'
import type { Reading } from '../http/reading.ts'
import { readingOf } from '../http/reading.ts'
import type { Handover, Settings } from '../protocol.ts'
import type { DeflateParameters } from './deflate.ts'
import { deflateParameters } from './deflate.ts'

/** What the handshake says about all messages of a connection. */
export interface Context {
  readonly reading: Reading
  /** Redacted, without its query; undefined where the handshake was not captured. */
  readonly path: string | undefined
  readonly subprotocol: string | undefined
  /** Undefined where the handshake was not captured. */
  readonly deflate: DeflateParameters | undefined
}

export function contextOf(settings: Settings, handover: Handover | undefined): Context {
  const reading = readingOf(settings)
  if (handover === undefined) return { reading, path: undefined, subprotocol: undefined, deflate: undefined }
  const path = handover.target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0]!
  return {
    reading,
    path: path === '' ? undefined : reading.redactor.target(path),
    subprotocol: reading.redactor.text(headerValue(handover.responseHeaders, 'sec-websocket-protocol')) || undefined,
    deflate: deflateParameters(handover.responseHeaders),
  }
}
