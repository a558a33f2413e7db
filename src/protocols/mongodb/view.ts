import type { Buffer } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import type { Json } from './bson.ts'
import { BsonReader, longValue } from './bson.ts'
import { commandOf, namespaceOf } from './command.ts'
import type { Frame } from './frame.ts'
import { BAD_BSON, TOO_MUCH, UNDECODED } from './notes.ts'
import { CHECKSUM_PRESENT, EXHAUST_ALLOWED, MORE_TO_COME, OP_INSERT, OP_MSG, OP_QUERY, OP_REPLY, OP_UPDATE, OP_DELETE, opName } from './op.ts'
import { hideSecrets, isDocument } from './secrets.ts'
import { parseSections } from './sections.ts'

/** What JSON shows of a message; docs/protocols/mongodb.md has every field. */
export interface FrameView {
  op: string
  requestId: number
  responseTo: number | undefined
  database: string | undefined
  collection: string | undefined
  command: string | undefined
  flags: string[] | undefined
  compressor: string | undefined
  checksum: number | undefined
  /** The body of a command or of its reply. */
  body: Json | undefined
  /** Documents that stand beside the body, by the name of the field that they belong to. */
  sequences: { readonly [name: string]: Json } | undefined
  /** Of the legacy messages. */
  documents: Json[] | undefined
  cursorId: number | string | undefined
  bytes: number
  truncated: true | undefined
  durationMicros: number
}

const FLAGS: readonly (readonly [bit: number, name: string])[] = [[CHECKSUM_PRESENT, 'checksumPresent'], [MORE_TO_COME, 'moreToCome'], [EXHAUST_ALLOWED, 'exhaustAllowed']]
/** Flags, cursor, first and number of the documents of an OP_REPLY. */
const REPLY_HEAD_BYTES = 20

/** `command`: the name of the command that a reply answers. Notes what is wrong with the documents in the bits of the frame. */
export function frameView(frame: Frame, command: string | undefined, redactor: Redactor, withValues: boolean): FrameView {
  const asked = frame.op === OP_REPLY || frame.responseTo > 0 ? undefined : commandOf(frame)
  const view: FrameView = {
    op: opName(frame.op) ?? opName(frame.sentOp) ?? 'unknown', requestId: frame.requestId, responseTo: frame.responseTo > 0 ? frame.responseTo : undefined,
    database: asked?.database, collection: asked?.collection, command: asked?.name, flags: undefined, compressor: frame.compressor, checksum: undefined,
    body: undefined, sequences: undefined, documents: undefined, cursorId: undefined,
    bytes: frame.sizeBytes, truncated: frame.isCut ? true : undefined, durationMicros: Math.max(0, frame.endMicros - frame.atMicros),
  }
  const reader = new BsonReader(frame.body, redactor)
  const name = asked?.name ?? command
  if (frame.op === OP_MSG) showMessage(view, frame, reader, name, redactor, withValues)
  else if (withValues) showLegacy(view, frame, reader, name, redactor)
  if (reader.isBad) frame.bits |= BAD_BSON
  if (reader.isTooMuch) frame.bits |= TOO_MUCH
  // There is nothing to break.
  if ((frame.bits & UNDECODED) !== 0) frame.bits &= ~BAD_BSON
  return view
}

function showMessage(view: FrameView, frame: Frame, reader: BsonReader, name: string | undefined, redactor: Redactor, withValues: boolean): void {
  const sections = parseSections(frame.body, !frame.isCut)
  const flags = FLAGS.filter(([bit]) => (sections.flags & bit) !== 0).map(([, flag]) => flag)
  view.flags = flags.length > 0 ? flags : undefined
  view.checksum = sections.checksum
  if (sections.isBad) frame.bits |= BAD_BSON
  if (sections.isTooMuch) frame.bits |= TOO_MUCH
  if (!withValues) return
  if (sections.bodyAt >= 0) view.body = hideSecrets(reader.document(sections.bodyAt), name, redactor)
  if (sections.sequences.length > 0) {
    view.sequences = Object.fromEntries(sections.sequences.map((one) => [one.name, documentsIn(reader, one.from, one.to)]))
  }
}

function documentsIn(reader: BsonReader, from: number, to: number): Json[] {
  const list: Json[] = []
  for (let at = from; at < to && !reader.isTooMuch;) {
    const size = reader.documentBytes(at)
    if (size === 0) break
    list.push(reader.document(at))
    at += size
  }
  return list
}

/** Documents behind the namespace, and the numbers between them. */
function showLegacy(view: FrameView, frame: Frame, reader: BsonReader, name: string | undefined, redactor: Redactor): void {
  const { body } = frame
  const from = documentsAt(frame, body)
  if (from < 0) return
  if (frame.op === OP_REPLY) view.cursorId = longValue(body.readBigInt64LE(4))
  const documents = documentsIn(reader, from, body.length).map((document) => hideSecrets(document, name, redactor))
  const isCommand = frame.op === OP_QUERY || (frame.op === OP_REPLY && isDocument(documents[0]) && 'ok' in documents[0])
  if (isCommand) view.body = documents[0]
  else view.documents = documents
}

function documentsAt(frame: Frame, body: Buffer): number {
  if (frame.op === OP_REPLY) return body.length >= REPLY_HEAD_BYTES ? REPLY_HEAD_BYTES : -1
  const end = namespaceOf(body)?.end
  if (end === undefined) return -1
  switch (frame.op) {
    case OP_QUERY: return end + 8
    case OP_INSERT: return end
    case OP_UPDATE: case OP_DELETE: return end + 4
    default: return -1
  }
}
