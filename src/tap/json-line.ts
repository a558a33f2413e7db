import { jsonText, stringText } from '../base/json-text.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { LineBytes } from './line-bytes.ts'
import { Piece } from './line-bytes.ts'
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

interface FlowText { readonly text: string, readonly piece: Piece }

const time = new TimeText(true)
/** What all messages of a flow have in common, as it stands in their lines: a tenth of the work. */
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

/** The same, added with its newline. */
export function addJsonLine(lines: LineBytes, flow: FlowInfo, m: Message): void {
  if (m.addDetails === undefined || m.decrypted === true || m.notes.length > 0) {
    lines.line(jsonLine(flow, m))
    return
  }
  lines.text('{"at":"')
  lines.text(time.rfc3339(m.atMicros))
  lines.text(`","protocol":"${m.protocol}",`)
  lines.piece(flowOf(flow).piece)
  const { elapsedMicros, status } = m
  if (elapsedMicros !== undefined) {
    lines.text(',"elapsedMicros":')
    lines.digits(elapsedMicros)
  }
  lines.text(',"what":')
  lines.text(stringText(m.what))
  if (status !== undefined) lines.text(typeof status === 'number' ? `,"status":${status}` : `,"status":${stringText(status)}`)
  lines.text(`,"outcome":"${m.outcome}","complete":${m.complete}`)
  m.addDetails(lines)
  lines.text('}\n')
}

/** Keys and values without the braces around them. */
function flowOf(flow: FlowInfo): FlowText {
  const known = flowTexts.get(flow)
  if (known !== undefined) return known
  const { capture, hop, namespace, interface: name, id, client, server } = flow
  const text = jsonText({ capture, hop, namespace, interface: name, flow: id, client, server } satisfies Pick<JsonMessage, FlowKeys>).slice(1, -1)
  const made: FlowText = { text, piece: new Piece(text) }
  flowTexts.set(flow, made)
  return made
}
