import type { Prefix } from '../../net/prefix.ts'
import { maskWords, parsePrefix } from '../../net/prefix.ts'
import type { Destination } from '../sidecar-plan.ts'
import type { SocketAddress } from './socket-address.ts'

/** A Destination that can be compared with an address. */
export interface DestinationMatch {
  readonly prefix: Prefix
  readonly fromPort: number
  readonly toPort: number
}

/** Undefined where `network` is neither an address nor a network in CIDR form. */
export function parseDestination({ network, fromPort, toPort }: Destination): DestinationMatch | undefined {
  const prefix = parsePrefix(network)
  return prefix === undefined ? undefined : { prefix, fromPort, toPort }
}

export function matchesDestination({ prefix, fromPort, toPort }: DestinationMatch, address: SocketAddress): boolean {
  if (address.version !== prefix.version || address.port < fromPort || address.port > toPort) return false
  return maskWords(address.words, prefix.bits).every((word, i) => word === prefix.words[i])
}
