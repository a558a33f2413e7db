import type { Likeness, Message, Outcome } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { BodyContent } from '../http/body-content.ts'
import { showBytes } from '../http/body-content.ts'
import { decodeText, isPlainText } from '../http/body-text.ts'
import { bytesText } from '../unclaimed.ts'
import type { Assembly } from './assembly.ts'
import { closeName, closeOutcome } from './close-codes.ts'
import type { Context } from './context.ts'
import { BINARY, CLOSE, TEXT } from './frame-header.ts'
import type { MessageLensView } from './lens.ts'
import { EXCERPT_CHARS } from './limits.ts'
import type { KeptPayload } from './payload.ts'

export type Kind = 'text' | 'binary' | 'close' | 'fragment' | 'lost'

/** What came out of the frames of one message. */
export interface Content {
  /** The first bytes, decompressed. */
  readonly kept: KeptPayload
  /** Of the message, decompressed; undefined where that is not known. */
  readonly messageBytes: number | undefined
  /** Compressed, and it could not be undone: `kept` is what was sent. */
  readonly isUnreadable: boolean
  readonly isWhole: boolean
}

/** Pings and pongs of one side so far. */
export interface Pulse { readonly pings: number, readonly pongs: number }

/** What JSON shows of a message; docs/protocols/websocket.md has every field. */
interface View {
  kind: Kind
  path: string | undefined
  subprotocol: string | undefined
  payloadBytes: number
  messageBytes: number | undefined
  compressed: true | undefined
  fragments: number | undefined
  lostBytes: number | undefined
  body: (BodyContent & { truncated?: true }) | undefined
  code: number | undefined
  codeName: string | undefined
  reason: string | undefined
  pings: number | undefined
  pongs: number | undefined
  durationMicros: number
  complete: boolean
}

/** Whether white space of a text stands alone and is a space, as far as the text is shown: then nothing is to be replaced. */
function isLine(text: string): boolean {
  let wasSpace = false
  for (let i = 0; i <= EXCERPT_CHARS && i < text.length; i++) {
    const code = text.charCodeAt(i)
    const isSpace = code === 0x20
    if (code < 0x20 || code > 0x7e || (isSpace && wasSpace)) return false
    wasSpace = isSpace
  }
  return true
}

/** The first characters of a text. */
function inLine(text: string): string {
  const line = isLine(text) ? text : text.replaceAll(/\s+/g, ' ')
  return line.length > EXCERPT_CHARS ? `${line.slice(0, EXCERPT_CHARS)}…` : line
}

/** A message of one side. The texts are made when they are asked for. */
export class WebSocketMessage implements Message {
  readonly #context: Context
  readonly #side: Side
  readonly #from: Assembly
  readonly #content: Content
  readonly #pulse: Pulse | undefined
  #view: View | undefined
  #lensed: MessageLensView | undefined

  /** `pulse`: of a close message. */
  constructor(context: Context, side: Side, from: Assembly, content: Content, pulse: Pulse | undefined) {
    this.#context = context
    this.#side = side
    this.#from = from
    this.#content = content
    this.#pulse = pulse
  }

  /** Lets the subprotocol see it. To be called once, in the order of the messages: what it says of one depends on those before it. */
  look(): void {
    const { reader } = this.#context
    if (reader === undefined || this.#from.opcode !== TEXT || this.#content.isUnreadable) return
    const { kept, messageBytes } = this.#content
    const isWhole = kept.length === messageBytes
    const text = this.#rawText(!isWhole)
    if (text !== undefined) this.#lensed = reader.look(this.#side, text, isWhole && this.complete)
  }

  get protocol(): string {
    return 'websocket'
  }

  get atMicros(): Micros {
    return this.#from.atMicros
  }

  get elapsedMicros(): undefined {
    return undefined
  }

  get #kind(): Kind {
    const { opcode, frames } = this.#from
    if (opcode === TEXT) return 'text'
    return opcode === BINARY ? 'binary' : opcode === CLOSE ? 'close' : frames === 0 ? 'lost' : 'fragment'
  }

  get what(): string {
    return this.#context.leads[this.#side] + (this.#lensed === undefined ? this.#excerpt() : inLine(this.#lensed.what))
  }

  #excerpt(): string {
    const kind = this.#kind
    if (kind === 'lost') return 'lost'
    if (kind === 'close') return this.#closeText()
    const { isUnreadable, messageBytes } = this.#content
    if (isUnreadable) return `compressed, ${bytesText(this.#from.sentBytes)}`
    const text = kind === 'text' ? this.#text() : undefined
    if (text === undefined) return `${kind === 'fragment' ? 'fragment, ' : ''}${bytesText(messageBytes ?? this.#from.sentBytes)}`
    if (text === '') return 'empty'
    return inLine(text)
  }

  /** What is here of a text, redacted. */
  #text(): string | undefined {
    const { kept, messageBytes } = this.#content
    const text = this.#rawText(kept.length !== messageBytes)
    return text === undefined ? undefined : this.#context.reading.redactor.text(text)
  }

  #rawText(isCut: boolean): string | undefined {
    const { kept } = this.#content
    const { piece } = kept
    return piece !== undefined && isPlainText(piece, '') ? piece : decodeText(kept.bytes(), '', isCut)?.text
  }

  #closeText(): string {
    const code = this.#code
    if (code === undefined) return 'close'
    const reason = this.#reason
    return `close ${code} ${closeName(code) ?? ''}`.trimEnd() + (reason === undefined ? '' : `: ${reason}`)
  }

  /** RFC 6455 §5.5.1: two bytes, then a reason. */
  get #code(): number | undefined {
    const { kept } = this.#content
    return this.#kind === 'close' && kept.length >= 2 ? kept.bytes().readUInt16BE(0) : undefined
  }

  get #reason(): string | undefined {
    const { kept } = this.#content
    const text = this.#kind === 'close' && kept.length > 2 ? decodeText(kept.bytes().subarray(2), '', !this.complete)?.text : undefined
    return text === undefined ? undefined : this.#context.reading.redactor.text(text)
  }

  get status(): string {
    const code = this.#code
    return this.#lensed?.status ?? (code === undefined ? this.#kind : `close ${code}`)
  }

  get outcome(): Outcome {
    const kind = this.#kind
    if (this.#lensed !== undefined) return this.#lensed.outcome
    return kind === 'lost' ? 'none' : kind === 'close' ? closeOutcome(this.#code) : 'ok'
  }

  get likeness(): Likeness | undefined {
    const { notes, payload: { known } } = this.#from
    if (known?.isAgain !== true || notes !== undefined || this.#lensed !== undefined || !this.complete || (this.#context.deflate?.unknown.length ?? 0) > 0) return undefined
    known.isText ??= this.#text() !== undefined
    return known.isText ? known : undefined
  }

  get request(): object | undefined {
    return this.#side === CLIENT ? this.#shown : undefined
  }

  get response(): object | undefined {
    return this.#side === CLIENT ? undefined : this.#shown
  }

  get #shown(): object {
    const view = this.#view ??= this.#makeView()
    return this.#lensed === undefined ? view : { ...view, [this.#context.lensName]: this.#lensed.fields() }
  }

  get complete(): boolean {
    return this.#content.isWhole
  }

  get notes(): readonly string[] {
    const notes = [...this.#from.notes ?? []]
    if (this.#kind === 'text' && !this.#content.isUnreadable && this.#text() === undefined) notes.push('the text is not valid UTF-8')
    for (const name of this.#context.deflate?.unknown ?? []) notes.push(`extension ${name} is not known`)
    if (this.#lensed !== undefined) notes.push(...this.#lensed.notes)
    return notes
  }

  #makeView(): View {
    const { path, subprotocol } = this.#context
    const from = this.#from
    const code = this.#code
    return {
      kind: this.#kind, path, subprotocol,
      payloadBytes: from.sentBytes,
      messageBytes: from.isCompressed ? this.#content.messageBytes : undefined,
      compressed: from.isCompressed ? true : undefined,
      fragments: from.frames > 1 ? from.frames : undefined,
      lostBytes: from.lostBytes > 0 ? from.lostBytes : undefined,
      body: this.#body(),
      code, codeName: code === undefined ? undefined : closeName(code), reason: this.#reason,
      pings: this.#pulse?.pings || undefined, pongs: this.#pulse?.pongs || undefined,
      durationMicros: Math.max(0, from.endMicros - from.atMicros),
      complete: this.complete,
    }
  }

  #body(): View['body'] {
    const { settings, redactor } = this.#context.reading
    const { kept, messageBytes, isUnreadable } = this.#content
    if (this.#kind === 'close' || this.#kind === 'lost' || settings.bodyLimitBytes === 0 || kept.length === 0 || this.#lensed?.showsBody === true) return undefined
    // What is compressed may hold what must not be shown.
    if (isUnreadable && redactor.changesTexts) return { notes: ['not shown: redaction cannot look through the compression'] }
    const shown = kept.bytes().subarray(0, settings.bodyLimitBytes)
    const isCut = shown.length !== (messageBytes ?? -1)
    const view: NonNullable<View['body']> = {}
    const first = shown.find((byte) => byte > 0x20)
    const looksLikeJson = this.#kind === 'text' && (first === 0x7b || first === 0x5b)
    showBytes(view, shown, looksLikeJson ? 'application/json' : '', isCut, { redactor, settings, depth: 0 })
    if (isCut) view.truncated = true
    return view
  }
}
