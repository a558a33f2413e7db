import type { PacketFilter } from '../net/packet-filter.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'

/** An address that no packet has (RFC 6890): an empty list lets nothing through. */
const NOBODY = '192.0.0.8'

/**
 * The user's filter, narrowed to the addresses of one workload where a namespace holds more than was asked for.
 * An address must then pass both: it is one of `onlyHosts`, and one the user's own `--host` let through.
 */
export function restrictedFilter(filter: PacketFilter | undefined, onlyHosts: readonly string[] | undefined): PacketFilter | undefined {
  if (onlyHosts === undefined) return filter
  const only = parsePacketFilter({ ports: [], notPorts: [], hosts: onlyHosts.length === 0 ? [NOBODY] : onlyHosts })
  return filter === undefined ? only : { ...filter, hosts: [...filter.hosts, ...only.hosts] }
}
