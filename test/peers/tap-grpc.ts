import { readSchemas } from '../../src/capture/schemas.ts'
import { byFlow, tapMessages } from './tap-messages.ts'
import type { Tapped } from './tap-messages.ts'
import type { GrpcStream, Json, MessageView } from './tshark-grpc.ts'

export interface Message { bytes: number, compressed?: string, value?: Json, type?: string, fields?: unknown }
export interface Side { messages: Message[], [name: string]: unknown }

export interface Call { what: string, status: unknown, outcome: string, request: Side, response: Side | undefined, notes: readonly string[] }

/** The gRPC calls of a capture; with `protos` their messages by type. */
export async function grpcCalls(path: string, protos?: string): Promise<Call[][]> {
  const { messages } = await tapMessages(path, protos === undefined ? {} : { schemas: await readSchemas([protos]) })
  const flows = byFlow(messages.filter(({ message }) => message.protocol === 'grpc'))
  return [...flows.values()].map((list) => list.map(callOf))
}

function callOf({ message }: Tapped): Call {
  const half = (view: unknown): Side | undefined => (view as { grpc?: Side } | undefined)?.grpc
  return { what: message.what, status: message.status, outcome: message.outcome, request: half(message.request)!, response: half(message.response), notes: message.notes ?? [] }
}

/** In the words of the comparison. */
export function streamOf(calls: readonly Call[]): GrpcStream {
  const views = (side: Side | undefined, what: string): MessageView[] => (side?.messages ?? []).map((m) => ({ path: `/${what}`, bytes: m.bytes, compressed: m.compressed !== undefined, value: m.value ?? null }))
  return {
    requests: calls.flatMap((call) => views(call.request, call.what)),
    responses: calls.flatMap((call) => views(call.response, call.what)),
    statuses: calls.flatMap((call) => call.response?.statusCode === undefined ? [] : [String(call.response.statusCode)]),
  }
}
