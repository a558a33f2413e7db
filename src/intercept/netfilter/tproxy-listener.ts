import { sameAddress } from './address-range.ts'
import type { Passage } from './passage.ts'
import { protocolName } from './protocol-number.ts'
import type { Action } from './ruleset.ts'
import { sourceOf } from './world.ts'
import type { Socket, World } from './world.ts'
import type { Address } from '../../net/address.ts'

/**
 * Who a TPROXY hands the packet to. It looks for the address that it names, else the first of the interface; a listener on all addresses will do.
 * One of which it is not known whether it is transparent is taken for it: a proxy that is not would have failed at its first connection.
 */
export function findTransparent(at: Passage, action: Extract<Action, { kind: 'tproxy' }>): Socket | 'none' | 'unknown' {
  const address = action.address?.low ?? sourceOf(at.world, at.inInterface, at.destination) ?? at.destination
  const found = findListener(at.world, protocolName(at.protocol), address, action.port)
  return typeof found === 'object' && found.transparent === false ? 'none' : found
}

/** The socket that takes what comes for that address and port: one bound to it before one bound to all. */
export function findListener(world: World, protocol: string, address: Address, port: number | undefined): Socket | 'none' | 'unknown' {
  if (world.listeners === undefined) return 'unknown'
  const candidates = world.listeners.filter((socket) => socket.port === port && socket.protocol === protocol)
  return candidates.find((socket) => sameAddress(socket.address, address)) ?? candidates.find((socket) => isWildcard(socket.address, address.version)) ?? 'none'
}

/** `::` accepts IPv4 as well, unless its program asked for IPv6 only, which is not seen here. */
function isWildcard({ version, words }: Address, wanted: 4 | 6): boolean {
  return (version === wanted || version === 6) && words.every((word) => word === 0)
}
