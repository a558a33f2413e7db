import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { API_VERSIONS, APIS, FETCH, SHARE_FETCH, isFlexible, structFor } from './apis.ts'
import { ByteReader } from './byte-reader.ts'
import { NO_ERROR } from './errors.ts'
import { requestBody, skipTags } from './fields.ts'
import type { Half } from './half.ts'
import { RESPONSE_HEAD_BYTES, SASL_TOKEN } from './half.ts'
import { BYTES_BEHIND, FIELDS_UNKNOWN, TOO_SHORT, UNKNOWN_VERSION } from './notes.ts'
import { saslView } from './sasl.ts'
import type { ServerTopics } from './topic-names.ts'
import type { Context, Values } from './values.ts'
import { readStruct } from './values.ts'
import type { Walk } from './walk.ts'
import { namesTopics, walkStruct } from './walk.ts'

const UNSUPPORTED_VERSION = 35

/** What the fields of a connection are read with. */
export interface Reading { readonly settings: Settings, readonly names: ServerTopics }

/** The fields of a request or an answer. */
export interface Body {
  /** Undefined where they are not known. */
  readonly values: Values | undefined
  /** The first that is not NONE. */
  readonly error: string
  /** Bits of notes.ts. */
  readonly bits: number
}

const NOT_READ: Body = { values: undefined, error: NO_ERROR, bits: 0 }
const NO_VALUES: Values = {}

export function askedBody(half: Half, { settings, names }: Reading): Body {
  if (half.key === SASL_TOKEN) return token(half, settings)
  return read(half, half.version, requestBody(half), settings, names)
}

export function answerBody(half: Half, { settings, names }: Reading): Body {
  if (half.key === SASL_TOKEN) return token(half, settings)
  if (half.key < 0) return NOT_READ
  return read(half, answerVersion(half), answerReader(half), settings, names)
}

/** The same without the values, for those who want to know only how it went. Nothing is learnt from it, so not of answers that name topics. */
export function answerSummary(half: Half, reading: Reading): Body {
  const version = answerVersion(half)
  const struct = half.key < 0 || half.key === SHARE_FETCH || half.key === FETCH ? undefined : structFor(half.key, version, false)
  if (struct === undefined || namesTopics(struct)) return answerBody(half, reading)
  const reader = answerReader(half)
  const walk: Walk = { spans: half.frame.spans, span: 0, error: NO_ERROR }
  walkStruct(reader, struct, walk)
  return { values: NO_VALUES, error: walk.error, bits: bitsOf(half, reader) }
}

function answerReader(half: Half): ByteReader {
  const reader = new ByteReader(half.bytes, RESPONSE_HEAD_BYTES)
  if (half.key !== API_VERSIONS && isFlexible(half.key, answerVersion(half))) skipTags(reader)
  return reader
}

/** A broker that does not know the version of ApiVersions answers in version 0, so that any client understands. */
function answerVersion({ key, version, bytes }: Half): number {
  if (key !== API_VERSIONS || bytes.length < RESPONSE_HEAD_BYTES + 2) return version
  return bytes.readInt16BE(RESPONSE_HEAD_BYTES) === UNSUPPORTED_VERSION ? 0 : version
}

function token(half: Half, settings: Settings): Body {
  return { values: saslView('authBytes', half.bytes, redactorOf(settings.redaction)), error: NO_ERROR, bits: 0 }
}

function read(half: Half, version: number, reader: ByteReader, settings: Settings, names: ServerTopics): Body {
  const { key, isRequest, frame } = half
  const struct = structFor(key, version, isRequest)
  if (struct === undefined) return { values: undefined, error: NO_ERROR, bits: isNewer(key, version) ? UNKNOWN_VERSION : FIELDS_UNKNOWN }
  const { bodyLimitBytes, redaction } = settings
  const redactor = redactorOf(redaction)
  const context: Context = {
    names, redactor, spans: frame.spans, span: 0, error: NO_ERROR, budget: { bytes: bodyLimitBytes, limitBytes: bodyLimitBytes, redactor },
    isForLine: settings.details === false,
  }
  const values = readStruct(reader, struct, context)
  return { values, error: context.error, bits: bitsOf(half, reader) }
}

function bitsOf({ frame }: Half, reader: ByteReader): number {
  if (reader.ok) return reader.left > 0 ? BYTES_BEHIND : 0
  return frame.isCut ? 0 : TOO_SHORT
}

function isNewer(key: number, version: number): boolean {
  return version > (APIS[key]?.maxVersion ?? Infinity)
}
