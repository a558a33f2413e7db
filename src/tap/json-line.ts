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

const time = new TimeText(true)

export function jsonMessage(flow: FlowInfo, m: Message): JsonMessage {
  return {
    at: time.rfc3339(m.atMicros),
    protocol: m.protocol,
    capture: flow.capture,
    hop: flow.hop,
    namespace: flow.namespace,
    interface: flow.interface,
    flow: flow.id,
    client: flow.client,
    server: flow.server,
    elapsedMicros: m.elapsedMicros,
    what: m.what,
    status: m.status,
    outcome: m.outcome,
    complete: m.complete,
    notes: m.notes.length > 0 ? m.notes : undefined,
    request: m.request,
    response: m.response,
  }
}

/** A line of JSON, without its newline. */
export function jsonLine(flow: FlowInfo, m: Message): string {
  return jsonText(jsonMessage(flow, m))
}
