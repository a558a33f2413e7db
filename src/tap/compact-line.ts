import { Piece } from '../base/piece.ts'
import { cutMiddle } from '../base/text.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Likeness, Message, Outcome } from '../model/message.ts'
import type { LineBytes } from './line-bytes.ts'
import { printable } from './printable.ts'
import { SHORT_MICROS, TimeText, durationText } from './time-text.ts'

const RESET = '\x1b[0m'
const GREY = '\x1b[90m'
const RED = '\x1b[31m'
/** Status colours: 1xx grey, 2xx default, 3xx blue, 4xx amber, 5xx red. */
const OUTCOME_COLOUR: Record<Outcome, string> = {
  'info': GREY, 'ok': '', 'redirect': '\x1b[34m', 'client-error': '\x1b[33m', 'server-error': RED, 'none': GREY,
}
/** Widest that an endpoint column grows to; what is longer pushes its own line only. */
const MAX_ENDPOINT = 28
const MAX_NAMESPACE = 24
const MIN_WHAT = 10
const MAX_WHAT = 44
/** Of the status column, where a terminal is narrow and where it is not. */
const STATUS_WIDTH = 3
/** A longer status (a cipher suite, the name of an alert) stands at the end, so that it does not push the columns. */
const MAX_STATUS = 7
const ELAPSED_WIDTH = 8
/** Time of day, and the spaces before it and behind. */
const CLOCK_COLUMNS = 15
/** Status and duration with their spaces, and the place. */
const TAIL_COLUMNS = 38
/** Columns of a terminal where the long words of the place have room, and what the short ones save. */
const WIDE = 110
const SHORTER_PLACE = 12

/** Of the name of a protocol with the spaces behind it; longer ones push their own line only. */
const PROTOCOL_COLUMNS = 10

/** Flows whose ends are remembered, in a place by their ports. A power of two. */
const LATEST = 256

/** `columns`: width of the terminal; unlimited where it is none. */
export interface CompactOptions { colour: boolean, utc: boolean, columns?: number }

/** Who calls whom, as it stands in the lines of one flow until a column grows. Many flows say one thing only: the piece is made for the second. */
interface Ends { flow: FlowInfo | undefined, layout: number, piece: Piece | undefined }

/** Protocol, what and status, as they stand in the lines of messages that are alike, while the column has that width. */
class Said {
  readonly owner: CompactLines
  readonly whatWidth: number
  readonly piece = new Piece()
  /** A status that stands at the end. */
  readonly tail: Piece | undefined

  constructor(owner: CompactLines, whatWidth: number, line: LineBytes, from: number, tail: string) {
    this.owner = owner
    this.whatWidth = whatWidth
    line.keep(this.piece, from)
    this.tail = tail === '' ? undefined : new Piece(tail)
  }
}

/** In place of Said, for what was said once. */
const ONCE = {}

/** Lines for people: time, who calls whom, in which protocol, what, how it ended, how long it took, and whether it could be read on a wire. */
export class CompactLines {
  readonly #colour: boolean
  readonly #time: TimeText
  readonly #encrypted: Piece
  readonly #decrypted: Piece
  readonly #inside: Piece
  readonly #unread: Piece
  readonly #clear: Piece
  readonly #protocols = new Map<string, Piece>()
  readonly #latest = Array.from({ length: LATEST }, (): Ends => ({ flow: undefined, layout: -1, piece: undefined }))
  readonly #elapsed = new Array<Piece | undefined>(SHORT_MICROS).fill(undefined)
  readonly #elapsedTexts = new Map<string, Piece>()
  readonly #clock = new Piece()
  #clockText = ''
  readonly #columns: number
  readonly #wide: boolean
  /** Counts how often a column grew. */
  #layout = 0
  #clientWidth = 9
  #serverWidth = 9
  #namespaceWidth = 4
  #whatWidth = MAX_WHAT

  constructor(options: CompactOptions) {
    this.#colour = options.colour
    this.#time = new TimeText(options.utc)
    // Sign and word, as everywhere: a clear hop inside a pod is expected and never red.
    const wide = this.#wide = (options.columns ?? Infinity) >= WIDE
    this.#columns = (options.columns ?? Infinity) + (wide ? 0 : SHORTER_PLACE)
    this.#encrypted = new Piece(`  ═══ ${wide ? 'encrypted' : 'TLS'}`)
    this.#decrypted = new Piece(`  ═══ ${wide ? 'TLS, decrypted' : 'read'}`)
    this.#inside = new Piece('  ' + this.#paint(GREY, `─── ${wide ? 'clear, ' : ''}inside`))
    this.#unread = new Piece('  ' + this.#paint(GREY, ' ?  unread'))
    this.#clear = new Piece('  ' + this.#paint(RED, `─── CLEAR${wide ? ' on the wire' : ''}`))
  }

  add(line: LineBytes, flow: FlowInfo, m: Message): void {
    this.#addClock(line, m)
    this.#addEnds(line, flow)
    const { likeness } = m
    const note = likeness?.note
    const isKept = note instanceof Said && note.owner === this && note.whatWidth === this.#whatWidth
    let tail = ''
    if (isKept) line.piece(note.piece)
    else tail = this.#addSaid(line, m, likeness)
    this.#addElapsed(line, m.elapsedMicros)
    line.piece(m.decrypted === true ? this.#decrypted : this.#place(flow, m.protocol))
    if (isKept && note.tail !== undefined) line.piece(note.tail)
    else if (!isKept) {
      line.text(tail)
      if (!m.complete) this.#addNote(line, m)
    }
    line.newline()
  }

  #addClock(line: LineBytes, { atMicros }: Message): void {
    const text = this.#time.clock(atMicros)
    if (text === this.#clockText) {
      line.piece(this.#clock)
      return
    }
    const from = line.length
    line.spaces(1)
    line.text(text)
    line.keep(this.#clock, from)
    this.#clockText = text
  }

  /** Returns what of it stands at the end: a status that has no room here. What is said is kept for the third time, so that it costs no more where it is said once or twice. */
  #addSaid(line: LineBytes, m: Message, likeness: Likeness | undefined): string {
    const from = line.length
    if (this.#wide) line.piece(this.#protocolOf(m.protocol))
    this.#addWhat(line, m.what)
    const status = m.status === undefined ? '–' : printable(String(m.status))
    const isLong = status.length > MAX_STATUS
    this.#addStatus(line, isLong ? '' : status, m.outcome)
    const tail = isLong ? `  ${this.#paint(OUTCOME_COLOUR[m.outcome], status)}` : ''
    if (likeness !== undefined) likeness.note = likeness.note === undefined ? ONCE : new Said(this, this.#whatWidth, line, from, tail)
    return tail
  }

  #addWhat(line: LineBytes, what: string): void {
    const width = this.#whatWidth
    if (what.length <= width && line.printable(what)) line.spaces(width + 2 - what.length)
    else {
      const shown = cutMiddle(printable(what), width)
      line.text(shown)
      line.spaces(width + 2 - shown.length)
    }
  }

  #addElapsed(line: LineBytes, micros: number | undefined): void {
    if (micros === undefined) line.spaces(2 + ELAPSED_WIDTH)
    else if (micros >= 0 && micros < SHORT_MICROS) line.piece(this.#elapsed[micros] ??= this.#elapsedPiece(durationText(micros)))
    else line.text(durationText(micros).padStart(2 + ELAPSED_WIDTH))
  }

  #elapsedPiece(text: string): Piece {
    let piece = this.#elapsedTexts.get(text)
    if (piece === undefined) this.#elapsedTexts.set(text, piece = new Piece(text.padStart(2 + ELAPSED_WIDTH)))
    return piece
  }

  #protocolOf(name: string): Piece {
    let piece = this.#protocols.get(name)
    if (piece === undefined) this.#protocols.set(name, piece = new Piece(this.#paint(GREY, name.padEnd(PROTOCOL_COLUMNS - 1)) + ' '))
    return piece
  }

  #addStatus(line: LineBytes, text: string, outcome: Outcome): void {
    const colour = this.#colour ? OUTCOME_COLOUR[outcome] : ''
    line.spaces((this.#wide ? MAX_STATUS : STATUS_WIDTH) - text.length)
    if (colour !== '') line.text(colour)
    line.text(text)
    if (colour !== '') line.text(RESET)
  }

  #addNote(line: LineBytes, { notes }: Message): void {
    if (notes.length > 0) line.text(this.#paint(GREY, `  (${printable(notes[0]!)})`))
  }

  #addEnds(line: LineBytes, flow: FlowInfo): void {
    const ends = this.#latest[(flow.client.port ^ flow.server.port) & LATEST - 1]!
    if (ends.flow === flow && ends.layout === this.#layout) line.piece(ends.piece ??= new Piece(this.#endsText(flow)))
    else {
      const { client, server, namespace } = flow
      this.#widen(endpointWidth(client, this.#wide), endpointWidth(server, true), namespace)
      ends.flow = flow
      ends.layout = this.#layout
      ends.piece = undefined
      line.spaces(2)
      if (namespace !== undefined) line.text(this.#namespace(flow))
      addEndpoint(line, client, this.#wide, this.#clientWidth)
      line.text(' → ')
      addEndpoint(line, server, true, this.#serverWidth)
      line.spaces(2)
    }
  }

  #endsText(flow: FlowInfo): string {
    const client = endpointText(flow.client, this.#wide).padEnd(this.#clientWidth)
    return `  ${this.#namespace(flow)}${client} → ${endpointText(flow.server, true).padEnd(this.#serverWidth)}  `
  }

  #widen(client: number, server: number, namespace: string | undefined): void {
    const [clientWidth, serverWidth, namespaceWidth] = [this.#clientWidth, this.#serverWidth, this.#namespaceWidth]
    this.#clientWidth = Math.max(clientWidth, Math.min(client, MAX_ENDPOINT))
    this.#serverWidth = Math.max(serverWidth, Math.min(server, MAX_ENDPOINT))
    if (namespace !== undefined) this.#namespaceWidth = Math.max(namespaceWidth, namespaceText(namespace).length)
    if (clientWidth !== this.#clientWidth || serverWidth !== this.#serverWidth || namespaceWidth !== this.#namespaceWidth) this.#layout++
    const left = this.#columns - CLOCK_COLUMNS - TAIL_COLUMNS - (this.#wide ? PROTOCOL_COLUMNS + MAX_STATUS - STATUS_WIDTH : 0) - this.#clientWidth - this.#serverWidth - 5
      - (namespace === undefined ? 0 : this.#namespaceWidth + 2)
    this.#whatWidth = Math.max(MIN_WHAT, Math.min(left, MAX_WHAT))
  }

  /** Where it was seen: on the loopback the addresses do not tell. */
  #namespace({ namespace }: FlowInfo): string {
    return namespace === undefined ? '' : this.#paint(GREY, namespaceText(namespace).padEnd(this.#namespaceWidth)) + '  '
  }

  #place(flow: FlowInfo, protocol: string): Piece {
    if (protocol === 'tls') return this.#encrypted
    if (flow.hop === 'clear') return this.#inside
    return protocol === 'tcp' || protocol === 'udp' ? this.#unread : this.#clear
  }

  #paint(colour: string, text: string): string {
    return this.#colour && colour !== '' ? colour + text + RESET : text
  }
}

function namespaceText(namespace: string): string {
  return cutMiddle(printable(namespace), MAX_NAMESPACE)
}

/** A client's port tells little: where there is no room for it, it is left out. */
function endpointText(e: Endpoint, withPort: boolean): string {
  if (e.name !== undefined) return printable(e.name)
  if (!withPort) return e.ip
  return e.ip.includes(':') ? `[${e.ip}]:${e.port}` : `${e.ip}:${e.port}`
}

/** Characters of endpointText, without making it: many flows say one thing only. */
function endpointWidth(e: Endpoint, withPort: boolean): number {
  if (e.name !== undefined) return printable(e.name).length
  if (!withPort) return e.ip.length
  const { port } = e
  const digits = port < 10 ? 1 : port < 100 ? 2 : port < 1000 ? 3 : port < 10_000 ? 4 : 5
  return e.ip.length + digits + (e.ip.includes(':') ? 3 : 1)
}

/** endpointText, and spaces up to `width` characters. */
function addEndpoint(line: LineBytes, e: Endpoint, withPort: boolean, width: number): void {
  if (e.name !== undefined || !withPort || e.ip.includes(':')) line.text(endpointText(e, withPort))
  else {
    line.text(e.ip)
    line.text(':')
    line.digits(e.port)
  }
  line.spaces(width - endpointWidth(e, withPort))
}
