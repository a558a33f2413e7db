import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { ReassemblyBudget } from '../net/reassembly.ts'
import type { DatagramProtocol } from '../protocols/datagram.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Protocol, Settings } from '../protocols/protocol.ts'
import type { Flow } from './flow.ts'

/** What a flow needs of the engine that holds it. */
export interface FlowOwner {
  readonly protocols: readonly Protocol[]
  readonly datagramProtocols: readonly DatagramProtocol[]
  readonly decodeAs: DecodeAs
  readonly settings: Settings
  readonly budget: ReassemblyBudget
  /** Makes flow numbers unique among all engines of a run. */
  readonly prefix: string
  /** A new flow: its number. */
  opened(): number
  /** One of them is a connection now. `isLate`: its start was missed. */
  connected(isLate: boolean): void
  /** `isOnLoopback`: its frames or its addresses say so. */
  place(interfaceId: number, isOnLoopback: boolean): Pick<FlowInfo, 'capture' | 'hop' | 'namespace' | 'interface'>
  nameOf(ip: string, port: number): string | undefined
  /** True: whoever listens wants no more of this flow. */
  message(flow: Flow, m: Message): boolean
  /** Whether a flow that came to nothing is told on its own: floods of them are only counted. */
  tells(flow: Flow): boolean
  lost(bytes: number): void
  anomaly(what: string): void
  malformed(): void
  /** Let go because there were too many. */
  evicted(): void
}
