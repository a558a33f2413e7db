import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { API_VERSIONS, APIS, isFlexible, structFor } from './apis.ts'
import type { ByteReader } from './byte-reader.ts'
import { ByteReader as Reader } from './byte-reader.ts'
import { NO_ERROR } from './errors.ts'
import { requestBody, skipTags } from './fields.ts'
import type { Half } from './half.ts'
import { RESPONSE_HEAD_BYTES, SASL_TOKEN } from './half.ts'
import { BYTES_BEHIND, FIELDS_UNKNOWN, TOO_SHORT, UNKNOWN_VERSION } from './notes.ts'
import { saslView } from './sasl.ts'
import { topicNamesOf } from './topic-names.ts'
import type { Context, Values } from './values.ts'
import { readStruct } from './values.ts'

const UNSUPPORTED_VERSION = 35

/** The fields of a request or an answer. */
export interface Body {
  /** Undefined where they are not known. */
  readonly values: Values | undefined
  readonly clientId: string | null
  /** The first that is not NONE. */
  readonly error: string
  /** Bits of notes.ts. */
  readonly bits: number
}

export function askedBody(half: Half, settings: Settings): Body {
  if (half.key === SASL_TOKEN) return token(half, settings)
  const { reader, clientId } = requestBody(half)
  return read(half, half.version, reader, clientId, settings)
}

export function answerBody(half: Half, settings: Settings): Body {
  if (half.key === SASL_TOKEN) return token(half, settings)
  if (half.key < 0) return { values: undefined, clientId: null, error: NO_ERROR, bits: 0 }
  const reader = new Reader(half.bytes, RESPONSE_HEAD_BYTES)
  const version = answerVersion(half)
  if (half.key !== API_VERSIONS && isFlexible(half.key, version)) skipTags(reader)
  return read(half, version, reader, null, settings)
}

/** A broker that does not know the version of ApiVersions answers in version 0, so that any client understands. */
function answerVersion({ key, version, bytes }: Half): number {
  if (key !== API_VERSIONS || bytes.length < RESPONSE_HEAD_BYTES + 2) return version
  return bytes.readInt16BE(RESPONSE_HEAD_BYTES) === UNSUPPORTED_VERSION ? 0 : version
}

function token(half: Half, settings: Settings): Body {
  return { values: saslView('authBytes', half.bytes, redactorOf(settings.redaction)), clientId: null, error: NO_ERROR, bits: 0 }
}

function read(half: Half, version: number, reader: ByteReader, clientId: string | null, settings: Settings): Body {
  const { key, isRequest, frame } = half
  const struct = structFor(key, version, isRequest)
  if (struct === undefined) return { values: undefined, clientId, error: NO_ERROR, bits: isNewer(key, version) ? UNKNOWN_VERSION : FIELDS_UNKNOWN }
  const { bodyLimitBytes, redaction } = settings
  const redactor = redactorOf(redaction)
  const context: Context = {
    names: topicNamesOf(settings), redactor, spans: frame.spans, span: 0, error: NO_ERROR, budget: { bytes: bodyLimitBytes, limitBytes: bodyLimitBytes, redactor },
  }
  const values = readStruct(reader, struct, context)
  const bits = !reader.ok ? (frame.isCut ? 0 : TOO_SHORT) : reader.left > 0 ? BYTES_BEHIND : 0
  return { values, clientId, error: context.error, bits }
}

function isNewer(key: number, version: number): boolean {
  return version > (APIS[key]?.maxVersion ?? Infinity)
}
