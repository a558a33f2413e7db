import { MtlscopeError } from '../base/errors.ts'
import type { HostSet } from './host-set.ts'
import { hasHost, parseHostSet } from './host-set.ts'
import type { Packet } from './packet.ts'
import type { PortSet } from './port-set.ts'
import { hasPort, parsePortSet, portRanges } from './port-set.ts'

/**
 * What --port, --not-port and --host mean: either end has one of `ports` (where there are any), neither end has one of
 * `notPorts`, and of each set in `hosts` either end has an address. Plain data, so that it can be sent to another thread.
 */
export interface PacketFilter {
  readonly ports: PortSet
  readonly notPorts: PortSet
  readonly hosts: readonly HostSet[]
}

/** Throws 'bad-filter' where a word cannot be parsed (`80`, `8000-8010`, `80,443`; addresses or networks) or nothing could ever match. */
export function parsePacketFilter(words: { ports: readonly string[], notPorts: readonly string[], hosts: readonly string[] }): PacketFilter {
  const ports = parsePortSet(words.ports)
  const notPorts = parsePortSet(words.notPorts)
  if (ports.count > 0 && portRanges(ports).every(({ low, high }) => allIn(notPorts, low, high))) {
    throw new MtlscopeError('bad-filter', 'no packet can pass: each port is excluded too', {
      hint: 'leave out --port or --not-port', facts: { ports: words.ports.join(','), notPorts: words.notPorts.join(',') },
    })
  }
  const hosts = parseHostSet(words.hosts)
  return { ports, notPorts, hosts: hosts.prefixes.length === 0 ? [] : [hosts] }
}

function allIn(set: PortSet, low: number, high: number): boolean {
  for (let port = low; port <= high; port++) if (!hasPort(set, port)) return false
  return true
}

/** For TCP and UDP packets as the decoder found them, so the innermost of a tunnel. Exact. */
export function matchesFilter(filter: PacketFilter, packet: Packet): boolean {
  const { ports, notPorts, hosts } = filter
  if (ports.count > 0 && !hasPort(ports, packet.srcPort) && !hasPort(ports, packet.dstPort)) return false
  if (notPorts.count > 0 && (hasPort(notPorts, packet.srcPort) || hasPort(notPorts, packet.dstPort))) return false
  for (let i = 0; i < hosts.length; i++) {
    const set = hosts[i]
    if (!hasHost(set, packet.version, packet.src0, packet.src1, packet.src2, packet.src3)
      && !hasHost(set, packet.version, packet.dst0, packet.dst1, packet.dst2, packet.dst3)) return false
  }
  return true
}
