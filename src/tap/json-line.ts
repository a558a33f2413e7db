import { jsonText } from '../base/json-text.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
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
  complete: boolean
  notes?: readonly string[]
  request?: object
  response?: object
}

type FlowKeys = 'capture' | 'hop' | 'namespace' | 'interface' | 'flow' | 'client' | 'server'

const time = new TimeText(true)
/** What all messages of a flow have in common, as it stands in their lines: a tenth of the work. */
const flowTexts = new WeakMap<FlowInfo, string>()

/** A line of JSON (a JsonMessage), without its newline. */
export function jsonLine(flow: FlowInfo, m: Message): string {
  const { notes } = m
  const own = {
    elapsedMicros: m.elapsedMicros,
    what: m.what,
    status: m.status,
    outcome: m.outcome,
    complete: m.complete,
    notes: notes.length > 0 ? notes : undefined,
    request: m.request,
    response: m.response,
  } satisfies Omit<JsonMessage, FlowKeys | 'at' | 'protocol'>
  return `{"at":"${time.rfc3339(m.atMicros)}","protocol":"${m.protocol}",${flowTextOf(flow)},${jsonText(own).slice(1)}`
}

/** Keys and values without the braces around them. */
function flowTextOf(flow: FlowInfo): string {
  const known = flowTexts.get(flow)
  if (known !== undefined) return known
  const { capture, hop, namespace, interface: name, id, client, server } = flow
  const text = jsonText({ capture, hop, namespace, interface: name, flow: id, client, server } satisfies Pick<JsonMessage, FlowKeys>).slice(1, -1)
  flowTexts.set(flow, text)
  return text
}
