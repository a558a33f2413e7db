import type { Side } from '../../model/side.ts'
import { headerValue } from '../http/headers.ts'
import type { Reading } from '../http/reading.ts'
import { readingOf } from '../http/reading.ts'
import type { Handover, Settings } from '../protocol.ts'
import type { DeflateParameters } from './deflate.ts'
import { deflateParameters } from './deflate.ts'
import type { MessageReader } from './lens.ts'
import type { KnownSides } from './known-texts.ts'
import { knownTextsOf } from './known-texts.ts'
import { messageLensFor } from './lenses.ts'
import { EXCERPT_BYTES, PATH_CHARS } from './limits.ts'

/** What the handshake says about all messages of a connection. */
export interface Context {
  readonly reading: Reading
  /** Redacted, without its query; undefined where the handshake was not captured. */
  readonly path: string | undefined
  /** What lines of either side begin with: path and arrow. */
  readonly leads: Readonly<Record<Side, string>>
  /** Texts that came before. */
  readonly known: KnownSides | undefined
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
  if (handover === undefined) return { reading, path: undefined, leads: leadsOf(undefined), known: knownTextsOf(settings, ''), subprotocol: undefined, reader: undefined, lensName: '', keepBytes: Math.max(EXCERPT_BYTES, bodyLimitBytes), deflate: undefined }
  const subprotocol = headerValue(handover.responseHeaders, 'sec-websocket-protocol')
  const lens = messageLensFor(subprotocol)
  const target = handover.target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0]!
  const path = target === '' ? undefined : reading.redactor.target(target)
  return {
    reading,
    path,
    leads: leadsOf(path),
    known: knownTextsOf(settings, path ?? ''),
    subprotocol: reading.redactor.text(subprotocol) || undefined,
    reader: lens?.open(settings),
    lensName: lens?.name ?? '',
    keepBytes: Math.max(lens?.wantedBytes ?? EXCERPT_BYTES, bodyLimitBytes),
    deflate: deflateParameters(handover.responseHeaders),
  }
}

function leadsOf(path: string | undefined): Context['leads'] {
  const lead = path === undefined ? '' : `${shortened(path)} `
  return [`${lead}↑ `, `${lead}↓ `]
}

/** The end of a path tells more than its beginning. */
function shortened(path: string): string {
  return path.length > PATH_CHARS ? `…${path.slice(1 - PATH_CHARS)}` : path
}
