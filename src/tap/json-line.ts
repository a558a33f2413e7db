import { jsonText, stringText } from '../base/json-text.ts'
import { Piece } from '../base/piece.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Likeness, Message } from '../model/message.ts'
import type { LineBytes } from './line-bytes.ts'
import { TimeText } from './time-text.ts'

/** One message as a plain object with the keys that others build on: docs/protocols/README.md. */
export interface JsonMessage {
  at: string
  protocol: string
  capture: string
  hop: string
  namespace?: string
  interface?: string
  flow: string
  client: { ip: string, port: number, name?: string }
  server: { ip: string, port: number, name?: string }
  elapsedMicros?: number
  what: string
  status?: number | string
  outcome: string
  /** True: it was read out of encrypted bytes, with secrets that were given. */
  decrypted?: boolean
  complete: boolean
  notes?: readonly string[]
  request?: object
  response?: object
}

type FlowKeys = 'capture' | 'hop' | 'namespace' | 'interface' | 'flow' | 'client' | 'server'

/** From `what` on up to the details, as it stands in the lines of messages that are alike. */
class Said {
  readonly piece = new Piece()

  constructor(lines: LineBytes, from: number) {
    lines.keep(this.piece, from)
  }
}

/** In place of Said, for what was said once. */
const ONCE = {}

/** What all messages of a flow have in common, as it stands in their lines. */
class FlowText {
  /** Keys and values without the braces around them. */
  readonly text: string
  protocol = ''
  /** From the end of the time to the last key of the flow, of the messages in that protocol. */
  piece: Piece | undefined = undefined

  constructor({ capture, hop, namespace, interface: name, id, client, server }: FlowInfo) {
    this.text = jsonText({ capture, hop, namespace, interface: name, flow: id, client, server } satisfies Pick<JsonMessage, FlowKeys>).slice(1, -1)
  }

  pieceFor(protocol: string): Piece {
    if (this.piece !== undefined && this.protocol === protocol) return this.piece
    this.protocol = protocol
    return this.piece = new Piece(`Z","protocol":"${protocol}",${this.text}`)
  }
}

const ELAPSED = new Piece(',"elapsedMicros":')
/** Flows that are found by their ports, in a place each: asking a WeakMap takes 50 ns. A power of two. */
const LATEST = 256
/** Digits of a second's microseconds. */
const MICROS_PLACES = 6

const time = new TimeText(true)
const flowTexts = new WeakMap<FlowInfo, FlowText>()

/** A line of JSON (a JsonMessage), without its newline. */
export function jsonLine(flow: FlowInfo, m: Message): string {
  const { notes } = m
  const own = {
    elapsedMicros: m.elapsedMicros,
    what: m.what,
    status: m.status,
    outcome: m.outcome,
    decrypted: m.decrypted === true ? true : undefined,
    complete: m.complete,
    notes: notes.length > 0 ? notes : undefined,
    request: m.request,
    response: m.response,
  } satisfies Omit<JsonMessage, FlowKeys | 'at' | 'protocol'>
  return `{"at":"${time.rfc3339(m.atMicros)}","protocol":"${m.protocol}",${flowOf(flow).text},${jsonText(own).slice(1)}`
}

/** The same, added with their newlines: most of a line is as it was in one before. */
export class JsonLines {
  readonly #flows = new Array<FlowInfo | undefined>(LATEST).fill(undefined)
  readonly #texts = new Array<FlowText | undefined>(LATEST).fill(undefined)
  #second = NaN
  #start = new Piece()

  add(lines: LineBytes, flow: FlowInfo, m: Message): void {
    const { likeness } = m
    if (m.addDetails === undefined || (likeness === undefined && (m.decrypted === true || m.notes.length > 0))) {
      lines.line(jsonLine(flow, m))
      return
    }
    this.#addTime(lines, m.atMicros)
    lines.piece(this.#textOf(flow).pieceFor(m.protocol))
    const { elapsedMicros } = m
    if (elapsedMicros !== undefined) {
      lines.piece(ELAPSED)
      lines.digits(elapsedMicros)
    }
    const note = likeness?.note
    if (note instanceof Said) lines.piece(note.piece)
    else addSaid(lines, m, likeness)
    m.addDetails(lines)
    lines.text('}\n')
  }

  #addTime(lines: LineBytes, atMicros: number): void {
    const second = Math.floor(atMicros / 1e6)
    if (second !== this.#second) {
      this.#second = second
      this.#start = new Piece(`{"at":"${time.rfc3339(second * 1e6).slice(0, -MICROS_PLACES - 1)}`)
    }
    lines.piece(this.#start)
    lines.padded(Math.round(atMicros - second * 1e6), MICROS_PLACES)
  }

  #textOf(flow: FlowInfo): FlowText {
    const place = (flow.client.port ^ flow.server.port) & LATEST - 1
    if (this.#flows[place] === flow) return this.#texts[place]!
    this.#flows[place] = flow
    return this.#texts[place] = flowOf(flow)
  }
}

function addSaid(lines: LineBytes, m: Message, likeness: Likeness | undefined): void {
  const from = lines.length
  const { status } = m
  lines.text(',"what":')
  lines.text(stringText(m.what))
  if (status !== undefined) lines.text(typeof status === 'number' ? `,"status":${status}` : `,"status":${stringText(status)}`)
  lines.text(`,"outcome":"${m.outcome}","complete":${m.complete}`)
  if (likeness !== undefined) likeness.note = likeness.note === undefined ? ONCE : new Said(lines, from)
}

function flowOf(flow: FlowInfo): FlowText {
  let known = flowTexts.get(flow)
  if (known === undefined) flowTexts.set(flow, known = new FlowText(flow))
  return known
}
