import { Buffer, isUtf8 } from 'node:buffer'
import { decodeBody } from '../http/content-coding.ts'
import { parseJsonWhole, redactedValue } from '../http/json-value.ts'
import type { Settings } from '../protocol.ts'
import type { UnknownField } from '../protobuf/decode.ts'
import { decodeMessage } from '../protobuf/decode.ts'
import type { GuessedField } from '../protobuf/guess.ts'
import { guessMessage } from '../protobuf/guess.ts'
import type { JsonValue } from '../protobuf/json-value.ts'
import { schemasOf } from '../protobuf/schemas.ts'
import { base64 } from '../protobuf/text.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'
import type { Frame } from './frames.ts'
import type { GrpcHalf } from './half.ts'
import { MAX_EXPANSION } from './limits.ts'
import { decodeSnappyMessage } from './snappy.ts'

/** What JSON shows of one message of a stream: one of `value`, `fields`, `text` and `base64`. */
export interface MessageView {
  /** As sent, without the prefix. */
  bytes: number
  /** Coding that was undone. */
  compressed?: string
  decompressedBytes?: number
  /** Full name of its type, where the schema is known. */
  type?: string
  value?: JsonValue
  unknownFields?: readonly UnknownField[]
  /** Without a schema. */
  fields?: readonly GuessedField[]
  /** Of a codec that is text but not JSON. */
  text?: string
  base64?: string
  /** Only the first part is shown. */
  truncated?: true
  /** Why it could not be read. */
  problem?: string
}

/** A message with its compression undone. */
export interface Payload {
  readonly bytes: Buffer
  readonly isCut: boolean
  readonly problem: string | undefined
}

/** The payloads of one direction in order, within the body limit, of which more may have been kept for the status; decompressed they stay within a multiple of it. */
export function payloadsOf(half: GrpcHalf, bodyLimitBytes: number): Payload[] {
  let room = bodyLimitBytes
  let left = bodyLimitBytes * MAX_EXPANSION
  return half.frames.messages.map((frame) => {
    const kept = frame.payload.length > room ? frame.payload.subarray(0, room) : frame.payload
    room -= kept.length
    const payload = payloadOf(frame, kept, half.compression, Math.min(bodyLimitBytes, left))
    if (frame.isCompressed) left -= payload.bytes.length
    return payload
  })
}

function payloadOf(frame: Frame, kept: Buffer, compression: string, limitBytes: number): Payload {
  const isCut = kept.length < frame.bytes
  if (!frame.isCompressed || (isCut && kept.length === 0)) return { bytes: kept, isCut, problem: undefined }
  if (compression === '') return unreadable('compressed, but no grpc-encoding says how')
  if (limitBytes <= 0) return unreadable('not decompressed: the messages expand too far')
  if (compression === 'snappy') return unsnapped(kept, limitBytes)
  const { bytes, problem, isWhole } = decodeBody(kept, [compression], limitBytes, isCut)
  return problem === undefined ? { bytes, isCut: !isWhole, problem } : unreadable(problem)
}

function unsnapped(kept: Buffer, limitBytes: number): Payload {
  const bytes = decodeSnappyMessage(kept, limitBytes)
  return typeof bytes === 'string' ? unreadable(bytes) : { bytes, isCut: false, problem: undefined }
}

function unreadable(problem: string): Payload {
  return { bytes: Buffer.alloc(0), isCut: true, problem }
}

/** `typeName`: full name of the message's type, where the method is known. */
export function messageView(frame: Frame, payload: Payload, half: GrpcHalf, typeName: string | undefined, settings: Settings): MessageView {
  const view: MessageView = { bytes: frame.bytes }
  if (payload.problem !== undefined) return { ...view, problem: payload.problem }
  if (frame.isCompressed) {
    view.compressed = half.compression
    if (!payload.isCut) view.decompressedBytes = payload.bytes.length
  }
  if (payload.isCut) view.truncated = true
  if (payload.isCut && payload.bytes.length === 0) return view
  const codec = half.type?.codec ?? 'proto'
  if (codec === 'proto') showProto(view, payload, typeName, settings)
  else showOther(view, payload, codec, redactorOf(settings.redaction))
  return view
}

function showProto(view: MessageView, payload: Payload, typeName: string | undefined, settings: Settings): void {
  const schemas = schemasOf(settings)
  const redactor = redactorOf(settings.redaction)
  const type = typeName === undefined ? undefined : schemas.message(typeName)
  if (type !== undefined) {
    const decoded = decodeMessage(payload.bytes, type, schemas, redactor, payload.isCut)
    view.type = type.name
    if (decoded !== undefined) {
      view.value = decoded.value
      if (decoded.unknownFields.length > 0) view.unknownFields = decoded.unknownFields
      if (decoded.isLimited) view.truncated = true
      return
    }
    view.problem = `not a ${type.name}`
  }
  showGuess(view, payload, redactor)
}

function showGuess(view: MessageView, { bytes, isCut }: Payload, redactor: Redactor): void {
  const guess = guessMessage(bytes, redactor, isCut)
  if (guess !== undefined) {
    view.fields = guess.fields
    if (guess.isLimited) view.truncated = true
  } else if (bytes.length > 0) {
    if (!isCut) view.problem ??= 'not a protobuf message'
    view.base64 = base64(bytes, 0, bytes.length, redactor)
  }
}

function showOther(view: MessageView, { bytes, isCut }: Payload, codec: string, redactor: Redactor): void {
  if (!isUtf8(bytes)) {
    view.base64 = base64(bytes, 0, bytes.length, redactor)
    return
  }
  const text = bytes.toString('utf8')
  const json = codec === 'json' && !isCut ? parseJsonWhole(text) : undefined
  if (json === undefined) view.text = redactor.text(text)
  else view.value = redactedValue(json.value, redactor) as JsonValue
}
