import type { Address } from '../../net/address.ts'
import { ICMP, ICMP6 } from './protocol-number.ts'
import type { IpVersion, TrackDirection, TrackState } from './ruleset.ts'

/** The packet that is asked about. Undefined addresses, ports and ids are those that the kernel would choose or does not have. */
export interface Packet {
  readonly direction: 'out' | 'in'
  readonly version: IpVersion
  readonly protocol: number
  readonly source: Address | undefined
  readonly sourcePort: number | undefined
  readonly destination: Address
  readonly destinationPort: number | undefined
  /** Where it arrives; only of `in`. */
  readonly interface: string | undefined
  /** Of the one who opened the socket, when it was opened. Undefined with `hasSocket`: not known, and a rule that asks makes the answer unknown. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly hasSocket: boolean
  readonly mark: number
  readonly state: TrackState
  /** Undefined: not known, or without a connection. */
  readonly trackDirection: TrackDirection | undefined
}

/** Of the first packet of a connection it is clear. An error that ICMP brings may belong to either (nf_conntrack_inet_error). */
export function directionOf(state: TrackState, protocol: number): TrackDirection | undefined {
  return state === 'new' || state === 'related' && protocol !== ICMP && protocol !== ICMP6 ? 'original' : undefined
}

/** Of a packet that is sent from a port which the kernel picks. */
export const EPHEMERAL_PORT = 40_000
