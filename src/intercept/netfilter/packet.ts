import type { Address } from '../../net/address.ts'
import type { IpVersion, TrackState } from './ruleset.ts'

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
}

/** Of a packet that is sent from a port which the kernel picks. */
export const EPHEMERAL_PORT = 40_000
