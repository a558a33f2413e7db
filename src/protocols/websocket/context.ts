import { headerValue } from '../http/headers.ts'
import type { Reading } from '../http/reading.ts'
import { readingOf } from '../http/reading.ts'
import type { Handover, Settings } from '../protocol.ts'
import type { DeflateParameters } from './deflate.ts'
import { deflateParameters } from './deflate.ts'
import type { MessageReader } from './lens.ts'
import { messageLensFor } from './lenses.ts'
import { EXCERPT_BYTES } from './limits.ts'

/** What the handshake says about all messages of a connection. */
export interface Context {
  readonly reading: Reading
  /** Redacted, without its query; undefined where the handshake was not captured. */
  readonly path: string | undefined
  readonly subprotocol: string | undefined
  /** Of the subprotocol, where it is one that is read, and what it is called. */
  readonly reader: MessageReader | undefined
  readonly lensName: string
  /** First bytes of a message that are kept. */
  readonly keepBytes: number
  /** Undefined where the handshake was not captured. */
  readonly deflate: DeflateParameters | undefined
}

export function contextOf(settings: Settings, handover: Handover | undefined): Context {
  const reading = readingOf(settings)
  const { bodyLimitBytes } = settings
  if (handover === undefined) return { reading, path: undefined, subprotocol: undefined, reader: undefined, lensName: '', keepBytes: Math.max(EXCERPT_BYTES, bodyLimitBytes), deflate: undefined }
  const subprotocol = headerValue(handover.responseHeaders, 'sec-websocket-protocol')
  const lens = messageLensFor(subprotocol)
  const path = handover.target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0]!
  return {
    reading,
    path: path === '' ? undefined : reading.redactor.target(path),
    subprotocol: reading.redactor.text(subprotocol) || undefined,
    reader: lens?.open(settings),
    lensName: lens?.name ?? '',
    keepBytes: Math.max(lens?.wantedBytes ?? EXCERPT_BYTES, bodyLimitBytes),
    deflate: deflateParameters(handover.responseHeaders),
  }
}
