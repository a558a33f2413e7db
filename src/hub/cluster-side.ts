import type { HealthAnswer, NodeHealth, PacketList } from '../model/api.ts'
import type { Query } from './query.ts'

/** What a hub of agents knows beside their messages, and what it hands on to the one that has a message. Rejects with ApiProblem. */
export interface ClusterSide {
  /** Missing ones first. */
  nodes(): readonly NodeHealth[]
  readonly droppedLines: number
  /** Rules of all agents. */
  readonly redaction: readonly string[]
  /** Some keep packets. */
  readonly hasPackets: boolean
  /** Some replay. */
  readonly replay: boolean
  /** The node that has this message and does not answer. */
  missingNodeOf(id: number): string | undefined
  packets(id: number, limit: number): Promise<PacketList>
  /** A pcapng of ids or a selection: a section for each agent. */
  packetFile(query: Query): AsyncIterable<Uint8Array>
  sendReplay(path: '/replay/confirm' | '/replay', body: unknown): Promise<unknown>
}

/** What a user should know of the nodes. */
export function nodeAdvice(nodes: readonly NodeHealth[]): HealthAnswer['advice'] {
  if (nodes.length === 0) return [{ severity: 'warning', text: 'no agent was found so far', next: 'kubectl get pods -A -l app.kubernetes.io/component=agent' }]
  return nodes.filter(({ why }) => why !== undefined).map(({ name, state, why, sinceMicros }) => state === 'missing'
    ? { severity: 'error', text: `node ${name}: no answer since ${timeText(sinceMicros ?? 0)}: ${why}; what it has seen is not shown meanwhile`, next: 'kubectl get pods -A -o wide -l app.kubernetes.io/component=agent' }
    : { severity: 'warning', text: `node ${name}: ${why}; its messages stand where its clock says` })
}

function timeText(micros: number): string {
  return `${new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
