import type { Outcome } from '../../model/message.ts'
import type { Json } from './bson.ts'
import { ARRAY, BsonReader } from './bson.ts'
import type { Frame } from './frame.ts'
import { OP_MSG, OP_REPLY } from './op.ts'
import { parseSections } from './sections.ts'

/** How a command went. */
export interface Result { readonly status: number | string, readonly outcome: Outcome }

const OK: Result = { status: 'ok', outcome: 'ok' }
const QUERY_FAILURE = 2
const REPLY_HEAD_BYTES = 20

/** Names of codes that stand alone, in `writeErrors` (https://www.mongodb.com/docs/manual/reference/error-codes/). */
const CODE_NAMES: ReadonlyMap<number, string> = new Map([[11_000, 'DuplicateKey'], [121, 'DocumentValidationFailure'], [112, 'WriteConflict'], [28, 'PathNotViable'],
  [2, 'BadValue'], [9, 'FailedToParse'], [14, 'TypeMismatch'], [66, 'ImmutableField'], [40, 'ConflictingUpdateOperators']])

/** The server was not able to, whoever asks; all others are the client's. */
const SERVER_NAMES: ReadonlySet<string> = new Set(['InternalError', 'HostUnreachable', 'HostNotFound', 'ExceededTimeLimit', 'NetworkTimeout', 'MaxTimeMSExpired',
  'ShutdownInProgress', 'InterruptedAtShutdown', 'Interrupted', 'InterruptedDueToReplStateChange', 'PrimarySteppedDown', 'NotWritablePrimary', 'NotMaster',
  'NotPrimaryNoSecondaryOk', 'NotMasterNoSlaveOk', 'NotPrimaryOrSecondary', 'NotMasterOrSecondary', 'OutOfDiskSpace', 'WriteConflict', 'LockTimeout', 'LockBusy', 'SocketException',
  'FailedToSatisfyReadPreference', 'WriteConcernFailed', 'WriteConcernTimeout', 'ReadConcernMajorityNotAvailableYet', 'StaleConfig', 'ExceededMemoryLimit', 'NotYetInitialized'])

/** Undefined where the reply does not tell. */
export function resultOf(frame: Frame): Result | undefined {
  const { body } = frame
  if (frame.op === OP_MSG) {
    const { bodyAt } = parseSections(body, !frame.isCut)
    return bodyAt < 0 ? undefined : fromDocument(new BsonReader(body), bodyAt)
  }
  if (frame.op !== OP_REPLY || body.length < REPLY_HEAD_BYTES) return undefined
  if ((body.readInt32LE(0) & QUERY_FAILURE) !== 0) return { status: 'QueryFailure', outcome: 'client-error' }
  return body.length > REPLY_HEAD_BYTES ? fromDocument(new BsonReader(body), REPLY_HEAD_BYTES) ?? OK : OK
}

function fromDocument(reader: BsonReader, from: number): Result | undefined {
  const end = from + reader.documentBytes(from)
  let ok: Json | undefined
  let code: number | undefined
  let name: string | undefined
  let failed: Result | undefined
  for (let at = from + 4; reader.next(at, end);) {
    const after = reader.endOfValue(end)
    const valueAt = reader.at
    if (reader.isNamed('ok')) ok = reader.value(0)
    else if (reader.isNamed('code')) code = numberOf(reader.value(0))
    else if (reader.isNamed('codeName')) name = textOf(reader.value(0))
    else if (reader.type === ARRAY && reader.isNamed('writeErrors')) failed = firstWriteError(reader, valueAt)
    if (after < 0) break
    at = after
  }
  if (ok === undefined) return undefined
  return numberOf(ok) === 1 ? failed ?? OK : errorResult(code, name)
}

/** Undefined for what is none: a server may send a document there. */
function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? Number(value) : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function errorResult(code: number | undefined, name: string | undefined): Result {
  const status = name ?? (code === undefined ? 'error' : CODE_NAMES.get(code) ?? code)
  return { status, outcome: SERVER_NAMES.has(String(status)) ? 'server-error' : 'client-error' }
}

function firstWriteError(reader: BsonReader, from: number): Result | undefined {
  const end = from + reader.documentBytes(from)
  if (!reader.next(from + 4, end)) return undefined
  const error = reader.value(0)
  const code = typeof error === 'object' && error !== null && 'code' in error ? numberOf(error.code) : undefined
  return errorResult(code, undefined)
}
