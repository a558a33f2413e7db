import { BoundedMap } from '../base/bounded-map.ts'
import type { JsonRecord } from '../model/api.ts'
import type { Capture, FlowInfo, Hop } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'

/** A record as those take it who speak in messages. */
export function asMessage(record: JsonRecord): Message {
  return {
    protocol: record.protocol, atMicros: microsOf(record.at), elapsedMicros: record.elapsedMicros, what: record.what, status: record.status,
    outcome: record.outcome as Message['outcome'], request: record.request, response: record.response, complete: record.complete, notes: record.notes ?? [],
    ...(record.decrypted === true && { decrypted: true }),
  }
}

export function asFlow(record: JsonRecord): FlowInfo {
  return {
    id: record.flow, client: record.client, server: record.server, capture: record.capture as Capture, hop: record.hop as Hop, firstMicros: microsOf(record.at),
    ...(record.namespace !== undefined && { namespace: record.namespace }), ...(record.interface !== undefined && { interface: record.interface }),
  }
}

/** Flows that messages of a connection share. Records do not say when it began: the first of its messages does, and what comes later must not look like a connection that began then. */
export class RecordFlows {
  readonly #flows: BoundedMap<string, FlowInfo>

  /** @param limit flows remembered, those that were asked for last */
  constructor(limit: number) {
    this.#flows = new BoundedMap(limit)
  }

  of(record: JsonRecord): FlowInfo {
    const key = `${record.namespace ?? ''} ${record.flow}`
    const known = this.#flows.get(key)
    const flow = known ?? asFlow(record)
    this.#flows.set(key, flow)
    return flow
  }
}

/** Date knows milliseconds only. */
export function microsOf(at: string): Micros {
  return Date.parse(at) * 1000 + Number((/\.\d{3}(\d{3})Z$/.exec(at) ?? ['', '0'])[1])
}
