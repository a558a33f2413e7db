import { addressText, isLoopback } from '../netfilter/address-range.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import { UDP } from '../netfilter/protocol-number.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import type { Socket } from '../netfilter/world.ts'
import type { Hole } from './hole.ts'
import { isCaptured, isOpen } from './probe.ts'
import type { Probe, Tried } from './probe.ts'

/** What an ordinary connection meets, by family and direction. */
export interface Baseline { readonly send: ReadonlyMap<IpVersion, Tried>, readonly receive: ReadonlyMap<IpVersion, Tried> }

export function readBaseline(probe: Probe): Baseline {
  const send = new Map<IpVersion, Tried>()
  const receive = new Map<IpVersion, Tried>()
  for (const version of probe.subject.versions) {
    const sent = probe.send(version)
    const received = probe.receive(version)
    if (sent !== undefined) send.set(version, sent)
    if (received !== undefined) receive.set(version, received)
  }
  return { send, receive }
}

/** Points 4 and 6: what no rule mentions, in both directions and families. */
export function coverageHoles(probe: Probe, { send, receive }: Baseline): Hole[] {
  const holes: Hole[] = []
  const [out4, out6, in4, in6] = [send.get(4), send.get(6), receive.get(4), receive.get(6)]
  const primary = out4 ?? out6
  if (isOpen(primary)) holes.push(probe.hole('outbound-open', 'critical', outboundWhat(probe), 'redirect outbound TCP of everybody but the proxy: mtlscope init', primary))
  else if (isOpen(out6)) holes.push(probe.hole('ipv6-outbound-open', 'high', 'IPv6 connections leave in the clear, those of IPv4 are intercepted', 'write the same rules with ip6tables, or drop IPv6: mtlscope init does', out6))
  const inbound = in4 ?? in6
  if (isOpen(inbound)) holes.push(inboundHole(probe, inbound))
  else if (isOpen(in6)) holes.push(probe.hole('ipv6-inbound-open', 'high', 'IPv6 connections reach the apps without the proxy, those of IPv4 do not', 'write the same rules with ip6tables, or drop IPv6: mtlscope init does', in6))
  return holes
}

const MAX_APPS = 4

/** Where it is known who listens, an app that is reached is what makes it critical. */
function inboundHole(probe: Probe, inbound: Tried): Hole {
  const fix = 'redirect inbound TCP: mtlscope init'
  const apps = openApps(probe, inbound.packet.version)
  const [first] = apps ?? []
  if (apps !== undefined && first === undefined) return probe.hole('inbound-open', 'medium', 'inbound connections are not intercepted; no app listens now where they arrive', fix, inbound)
  if (apps === undefined || first === undefined) return probe.hole('inbound-open', 'critical', 'inbound connections reach the apps without the proxy', fix, inbound)
  const named = apps.slice(0, MAX_APPS).map(({ socket }) => `${socket.program ?? 'a process'} on port ${socket.port}`).join(', ')
  return probe.hole('inbound-open', 'critical', `inbound connections reach the apps without the proxy: ${named}${apps.length > MAX_APPS ? ` and ${apps.length - MAX_APPS} more` : ''}`, fix, first.tried)
}

/** Listeners that are not the proxy's, and that connections from outside reach past it. Undefined where it is not known who listens. */
export function openApps(probe: Probe, version: IpVersion): { readonly socket: Socket, readonly tried: Tried }[] | undefined {
  return probe.subject.world.listeners?.flatMap((socket) => {
    if (socket.protocol !== 'tcp' || isLoopback(socket.address) || isProxySocket(probe, socket.pid)) return []
    const tried = probe.receive(version, { destinationPort: socket.port })
    return isOpen(tried) && tried.outcome.kind === 'arrives' && tried.outcome.listener === socket ? [{ socket, tried }] : []
  })
}

function outboundWhat(probe: Probe): string {
  for (const destination of probe.mentions.destinations.values()) {
    if (isCaptured(probe.send(destination.version as IpVersion, { destination }))) return `outbound connections are intercepted only where they go to what is listed, such as ${addressText(destination)}`
  }
  for (const port of probe.mentions.portsOut) {
    if (isCaptured(probe.send(4, { destinationPort: port }))) return `outbound connections are intercepted only on the listed ports, such as ${port}`
  }
  return 'outbound connections leave in the clear'
}

const QUIC_PORT = 443
const DNS_PORT = 53

/** Point 5: no mesh intercepts UDP but for DNS. */
export function udpHoles(probe: Probe, { send, receive }: Baseline): { holes: Hole[], notes: string[] } {
  const holes: Hole[] = []
  const notes: string[] = []
  const fix = 'reject UDP of everybody but the proxy, apart from DNS'
  const way = [...send.keys()]
  const quic = way.map((version) => probe.send(version, { protocol: UDP, destinationPort: QUIC_PORT })).find(isOpen)
  const other = way.map((version) => probe.send(version, { protocol: UDP })).find(isOpen)
  if (quic !== undefined) holes.push(probe.hole('udp-outbound-open', 'medium', `UDP leaves without the proxy: HTTP/3 on port 443${other === undefined ? '' : ', and any other port'}`, fix, quic))
  else if (other !== undefined) holes.push(probe.hole('udp-outbound-open', 'low', 'UDP leaves without the proxy, port 443 excepted', fix, other))
  const dns = way.map((version) => probe.send(version, { protocol: UDP, destinationPort: DNS_PORT })).find(isOpen)
  if (dns !== undefined) notes.push(`DNS ${outcomeText(dns.outcome)}`)
  holes.push(...inboundUdp(probe, [...receive.keys()]))
  return { holes, notes }
}

function inboundUdp(probe: Probe, versions: readonly IpVersion[]): Hole[] {
  const listeners = probe.subject.world.listeners
  const fix = 'drop inbound UDP to ports that no proxy serves'
  if (listeners === undefined) {
    const open = versions.map((version) => probe.receive(version, { protocol: UDP })).find(isOpen)
    return open === undefined ? [] : [probe.hole('udp-inbound-open', 'low', 'inbound UDP reaches the apps without the proxy', fix, open)]
  }
  const holes: Hole[] = []
  for (const socket of listeners) {
    if (socket.protocol !== 'udp' || isProxySocket(probe, socket.pid)) continue
    const open = versions.map((version) => probe.receive(version, { protocol: UDP, destinationPort: socket.port })).find((tried) => isOpen(tried) && tried.outcome.kind === 'arrives' && tried.outcome.listener === socket)
    if (open !== undefined) holes.push(probe.hole('udp-inbound-open', 'medium', `${socket.program ?? 'a process'} takes UDP on port ${socket.port}, which no proxy sees`, fix, open))
  }
  return holes
}

export function isProxySocket(probe: Probe, pid: number | undefined): boolean {
  return pid !== undefined && probe.subject.live?.processes.some((process) => process.pid === pid && process.isProxy) === true
}
