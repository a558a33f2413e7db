import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { Conversation } from '../protocols/conversation.ts'
import { PROTOCOLS } from '../protocols/registry.ts'
import { SETTINGS } from './check-capture.fixture.ts'
import { edgeVerdict } from './edge-verdict.ts'
import { Ledger } from './ledger.ts'
import type { EdgeVerdict } from './verdict.ts'

export interface StreamPiece { readonly side: Side, readonly bytes: Uint8Array, readonly isLost?: boolean }

export function flowOf(id: string, more: Partial<FlowInfo> = {}): FlowInfo {
  return { id, client: { ip: '10.0.0.1', port: 40_000 + Number(id) }, server: { ip: '10.0.0.2', port: 8443 }, capture: 'pcap', hop: 'wire', firstMicros: Number(id) * 1e6, ...more }
}

/** One connection into a ledger, as a tap reads it. */
export function feed(ledger: Ledger, flow: FlowInfo, pieces: readonly StreamPiece[], joinedLate = false): void {
  converse(flow, pieces, joinedLate, (message, broken) => ledger.add(flow, message, { facts: ledger.read(message), broken }))
}

/** What one connection says; `broken`: how often it broke its protocol before. */
export function converse(flow: FlowInfo, pieces: readonly StreamPiece[], joinedLate: boolean, emit: (message: Message, broken: number) => void): void {
  let broken = 0
  let atMicros = flow.firstMicros
  const conversation = new Conversation({
    message: (message) => emit(message, broken),
    malformed() { broken++ },
  }, { protocols: PROTOCOLS, settings: SETTINGS, serverPort: flow.server.port, joinedLate: () => joinedLate })
  for (const { side, bytes, isLost } of pieces) {
    atMicros += 1000
    if (isLost === true) conversation.gap(side, bytes.length, atMicros)
    else if (bytes.length > 0) conversation.data(side, bytes, atMicros)
  }
  for (const side of [CLIENT, SERVER] as const) conversation.end(side, atMicros + 1000)
}

/** What one connection is; undefined where there is none to judge. */
export function verdictOf(pieces: readonly StreamPiece[], joinedLate = false): EdgeVerdict | undefined {
  const ledger = new Ledger()
  feed(ledger, flowOf('1'), pieces, joinedLate)
  ledger.end()
  const [edge] = ledger.edges.values()
  return edge === undefined || Object.keys(edge.connections).length === 0 ? undefined : edgeVerdict(edge.connections)
}
