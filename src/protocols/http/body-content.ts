import { Buffer } from 'node:buffer'
import { keepSentText } from '../../base/json-text.ts'
import type { Settings } from '../protocol.ts'
import { guessMessage } from '../protobuf/guess.ts'
import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import { decodeText } from './body-text.ts'
import { latin1 } from './bytes.ts'
import type { FormField } from './form.ts'
import { isFormTooLong, parseForm } from './form.ts'
import type { Header } from './headers.ts'
import { headerValue } from './headers.ts'
import { parseJsonWhole, redactedValue, tokensOf } from './json-value.ts'
import { HEX_BYTES, MAX_EVENTS, MAX_FORM_FIELDS, MAX_PARTS, MAX_PART_DEPTH } from './limits.ts'
import { essenceOf } from './media-type.ts'
import type { Part } from './multipart.ts'
import { parseMultipart } from './multipart.ts'
import { redactedHeaders } from './redacted-headers.ts'
import type { ServerEvent } from './server-events.ts'
import { parseServerEvents } from './server-events.ts'

/** What JSON shows of a body or of one of its parts: the most telling one of these forms, redacted. docs/protocols/bodies.md has every field. */
export interface BodyContent {
  text?: string
  json?: unknown
  form?: FormField[]
  parts?: PartView[]
  events?: ServerEvent[]
  /** Fields of a protobuf message, guessed from the bytes alone. */
  protobuf?: readonly object[]
  base64?: string
  /** The first bytes of what stands in `base64`. */
  hex?: string
  /** Charset of the text, where it is not UTF-8. */
  charset?: string | undefined
  /** Limits that were reached, and why something is not shown. */
  notes?: string[]
}

export interface PartView extends BodyContent {
  name: string | undefined
  filename: string | undefined
  headers: readonly Header[]
  bodyBytes: number
  truncated: true | undefined
}

/** What decides about how bytes are shown. */
export interface ContentContext {
  readonly redactor: Redactor
  readonly settings: Settings
  /** Multipart within multipart. */
  readonly depth: number
}

/** Fills in what the bytes are, by their type and by what they are like. */
export function showBytes(view: BodyContent, bytes: Buffer, contentType: string, isCut: boolean, context: ContentContext): void {
  const type = contentType === '' ? '' : essenceOf(contentType)
  if (type.startsWith('multipart/')) {
    if (showParts(view, bytes, contentType, context)) return
    // A field that must not be shown may stand anywhere in what cannot be taken apart.
    if (context.redactor.hidesParameters) return withhold(view, 'a multipart body that cannot be taken apart is not shown, as parameters are redacted')
  }
  if (PROTOBUF_TYPE.test(type) && showProtobuf(view, bytes, isCut, context.redactor)) return
  const decoded = decodeText(bytes, contentType, isCut)
  if (decoded === undefined) showBinary(view, bytes, context.redactor)
  else {
    if (decoded.charset !== undefined) view.charset = decoded.charset
    showText(view, decoded.text, contentType, context)
  }
}

/** Fields by their numbers. Not a schema-bound type: HTTP names none. */
function showProtobuf(view: BodyContent, bytes: Buffer, isCut: boolean, redactor: Redactor): boolean {
  const guess = guessMessage(bytes, redactor, isCut)
  if (guess === undefined) return false
  view.protobuf = guess.fields
  if (guess.isLimited) addNote(view, 'a limit of protobuf was reached, the rest is not shown')
  return true
}

export function withhold(view: BodyContent, note: string): void {
  view.text = REDACTED
  addNote(view, note)
}

function addNote(view: BodyContent, note: string): void {
  (view.notes ??= []).push(note)
}

function showBinary(view: BodyContent, bytes: Buffer, redactor: Redactor): void {
  const shown = redactor.changesTexts || (redactor.credentials && bytes.includes('://')) ? redactedBytes(bytes, redactor) : bytes
  view.base64 = shown.toString('base64')
  if (shown.length > 0) view.hex = shown.subarray(0, HEX_BYTES).toString('hex').replaceAll(/..(?=.)/g, '$& ')
}

/** Patterns see one character a byte. */
function redactedBytes(bytes: Buffer, redactor: Redactor): Buffer {
  const before = latin1(bytes, 0, bytes.length)
  const after = redactor.text(before)
  return after === before ? bytes : Buffer.from(after, 'latin1')
}

const PROTOBUF_TYPE = /^application\/(?:(?:x-|vnd\.google\.)?protobuf|x-google-protobuf)$|\+proto(?:buf)?$/
const JSON_TYPE = /^(?:application|text)\/json$|\+json$/
const JSON_LINES_TYPE = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json-seq)$/
const FORM_TYPE = 'application/x-www-form-urlencoded'
const EVENTS_TYPE = 'text/event-stream'

/** Whether a text of that type may be shown as more than its text. */
export function hasStructure(contentType: string): boolean {
  const type = contentType === '' ? '' : essenceOf(contentType)
  return JSON_TYPE.test(type) || type === FORM_TYPE || type === EVENTS_TYPE || JSON_LINES_TYPE.test(type)
}

/** Fills in a text, by its type. */
export function showText(view: BodyContent, captured: string, contentType: string, context: ContentContext): void {
  const text = context.redactor.text(captured)
  if (contentType !== '' && showStructure(view, text, essenceOf(contentType), context.redactor)) return
  view.text = text
}

function showStructure(view: BodyContent, text: string, type: string, redactor: Redactor): boolean {
  if (JSON_TYPE.test(type)) return showJson(view, text, redactor)
  if (type === FORM_TYPE) return showForm(view, text, redactor)
  if (type === EVENTS_TYPE) return showEvents(view, text, redactor)
  return JSON_LINES_TYPE.test(type) && showJsonLines(view, text, redactor)
}

function showJson(view: BodyContent, text: string, redactor: Redactor): boolean {
  const parsed = parseJsonWhole(text)
  if (parsed === undefined) return false
  const plain = withoutEscapes(parsed.value, text, redactor)
  if (plain === undefined) view.json = sentValue(parsed.value, text, redactor)
  else if (!showJson(view, plain, redactor)) view.text = plain
  return true
}

/** The text without escapes that are not needed, redacted: what is searched for may have been written with them. Undefined where that hides nothing more. */
function withoutEscapes(value: unknown, text: string, redactor: Redactor): string | undefined {
  if (!text.includes('\\') || !(redactor.mayChange(text) || (redactor.credentials && text.includes('\\u')))) return undefined
  const before = JSON.stringify(value)
  const after = redactor.text(before)
  return after === before ? undefined : after
}

/** A number that may be written otherwise (1.50, 1E3, -0), or a name that looks like one, which objects put first. */
const REWRITTEN = /\d[.eE]|-0|"\d+"\s*:/

/** The way numbers are written and the order of members stay, where nothing is hidden. */
function sentValue(value: unknown, text: string, redactor: Redactor): unknown {
  // User information of URLs is out of the text already.
  const shown = redactor.changesTexts ? redactedValue(value, redactor) : value
  if (typeof shown !== 'object' || shown === null || !REWRITTEN.test(text)) return shown
  if (shown === value || JSON.stringify(shown) === JSON.stringify(value)) keepSentText(shown, tokensOf(text))
  return shown
}

/** One value a line; RFC 7464 puts a record separator before each. */
function showJsonLines(view: BodyContent, text: string, redactor: Redactor): boolean {
  const values: unknown[] = []
  for (const line of text.split(/[\n\x1e]/)) {
    if (line.trim() === '') continue
    const parsed = parseJsonWhole(line)
    if (parsed === undefined) return false
    values.push(sentValue(parsed.value, line, redactor))
  }
  view.json = values
  return true
}

/** `curl -d` calls everything a form: JSON is shown as what it is. */
function showForm(view: BodyContent, text: string, redactor: Redactor): boolean {
  if (/^\s*[[{]/.test(text) && showJson(view, text, redactor)) return true
  const form = parseForm(text, redactor)
  if (form === undefined) return false
  view.form = form
  if (isFormTooLong(text)) addNote(view, `more than ${MAX_FORM_FIELDS} fields, the rest is not listed`)
  return true
}

function showEvents(view: BodyContent, text: string, redactor: Redactor): boolean {
  const { events, isCut } = parseServerEvents(text)
  // Joined lines may say what no single line does.
  for (const event of events) event.data = redactor.text(event.data)
  view.events = events
  if (isCut) addNote(view, `more than ${MAX_EVENTS} events, the rest is not listed`)
  return true
}

function showParts(view: BodyContent, bytes: Buffer, contentType: string, context: ContentContext): boolean {
  const multipart = context.depth < MAX_PART_DEPTH ? parseMultipart(bytes, contentType) : undefined
  if (multipart === undefined) return false
  view.parts = multipart.parts.map((part) => partView(part, { ...context, depth: context.depth + 1 }))
  if (multipart.isCut) addNote(view, `more than ${MAX_PARTS} parts, the rest is not listed`)
  return true
}

function partView(part: Part, context: ContentContext): PartView {
  const { redactor } = context
  const view: PartView = {
    name: part.name === undefined ? undefined : redactor.text(part.name),
    filename: part.filename === undefined ? undefined : redactor.text(part.filename),
    headers: redactedHeaders(part.headers, redactor, true),
    bodyBytes: part.bytes.length,
    truncated: part.isWhole ? undefined : true,
  }
  if (part.name !== undefined && redactor.hidesParameter(part.name)) view.text = REDACTED
  else showBytes(view, part.bytes, headerValue(part.headers, 'content-type'), !part.isWhole, context)
  return view
}
