import type { Address } from '../../net/address.ts'
import { addressText, isLoopback } from '../netfilter/address-range.ts'
import { isLocal, planWorld } from '../netfilter/world.ts'
import type { Socket } from '../netfilter/world.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import { isProxySocket } from './coverage-holes.ts'
import type { Baseline } from './coverage-holes.ts'
import type { Hole } from './hole.ts'
import { isOpen, neighbour } from './probe.ts'
import type { Probe, Tried } from './probe.ts'

const MAX_SHOWN = 12

function some(texts: readonly (string | number)[]): string {
  return texts.length <= MAX_SHOWN ? texts.join(', ') : `${texts.slice(0, MAX_SHOWN).join(', ')} and ${texts.length - MAX_SHOWN} more`
}

/** Families in which an ordinary connection does not get through: only there an exemption is one. */
function closed(tried: ReadonlyMap<IpVersion, Tried>): IpVersion[] {
  return [...tried].filter(([, one]) => !isOpen(one)).map(([version]) => version)
}

/** Point 2: what the rules let past. */
export function exemptionHoles(probe: Probe, baseline: Baseline): { holes: Hole[], notes: string[] } {
  const inbound = inboundPorts(probe, closed(baseline.receive))
  const holes = [...inbound.holes, ...sources(probe, closed(baseline.receive)), ...outbound(probe, closed(baseline.send)), ...interfaces(probe, baseline)]
  return { holes, notes: inbound.notes }
}

function inboundPorts(probe: Probe, versions: readonly IpVersion[]): { holes: Hole[], notes: string[] } {
  const ports = new Map<number, Tried>()
  const listening = (probe.subject.world.listeners ?? []).filter((socket) => socket.protocol === 'tcp' && !isLoopback(socket.address)).map(({ port }) => port)
  for (const port of new Set([...probe.mentions.portsIn, ...listening])) {
    for (const version of versions) {
      const tried = probe.receive(version, { destinationPort: port })
      if (isOpen(tried) && !ports.has(port)) ports.set(port, tried)
    }
  }
  return probe.subject.world.listeners === undefined ? portsOfRules(probe, ports) : portsThatListen(probe, ports)
}

function portsOfRules(probe: Probe, ports: ReadonlyMap<number, Tried>): { holes: Hole[], notes: string[] } {
  const own = probe.subject.mesh?.ownPorts ?? []
  const foreign = [...ports.keys()].filter((port) => !own.includes(port))
  const usual = [...ports.keys()].filter((port) => own.includes(port))
  const notes = usual.length === 0 ? [] : [`inbound ports that the mesh serves itself are exempted: ${some(usual)}`]
  if (foreign.length === 0) return { holes: [], notes }
  return { holes: [probe.hole('exempt-inbound-port', 'medium', `inbound connections to port ${some(foreign)} are not intercepted`, 'take the exclusion of inbound ports away, or make sure that nobody listens there', ports.get(foreign[0]!))], notes }
}

function portsThatListen(probe: Probe, ports: ReadonlyMap<number, Tried>): { holes: Hole[], notes: string[] } {
  const holes: Hole[] = []
  const idle: number[] = []
  for (const [port, tried] of ports) {
    const listener: Socket | 'none' | 'unknown' = tried.outcome.kind === 'arrives' ? tried.outcome.listener : 'none'
    if (typeof listener !== 'object') idle.push(port)
    else if (!isProxySocket(probe, listener.pid)) {
      holes.push(probe.hole('exempt-inbound-port', 'high', `${listener.program ?? 'a process'} (uid ${listener.uid}) listens on port ${port}, which is not intercepted`, `take the exclusion of inbound port ${port} away, or bind it to 127.0.0.1`, tried))
    }
  }
  return { holes, notes: idle.length === 0 ? [] : [`inbound ports are exempted on which nobody listens now: ${some(idle)}`] }
}

function sources(probe: Probe, versions: readonly IpVersion[]): Hole[] {
  const found: { address: Address, tried: Tried }[] = []
  for (const address of probe.mentions.sources.values()) {
    if (isLocal(probe.subject.world, address) || !versions.includes(address.version)) continue
    const tried = probe.receive(address.version, { source: address })
    if (isOpen(tried)) found.push({ address, tried })
  }
  if (found.length === 0) return []
  const addresses = found.map(({ address }) => address)
  return [probe.hole('exempt-inbound-source', isOfMesh(probe, addresses) ? 'low' : 'medium', `connections from ${someAddresses(addresses)} are not intercepted, and who is on the network can send from there`, 'take the exemption away, or have the node drop that source from outside', found[0]!.tried)]
}

function outbound(probe: Probe, versions: readonly IpVersion[]): Hole[] {
  const holes: Hole[] = []
  const ports = new Map<number, Tried>()
  for (const port of probe.mentions.portsOut) {
    for (const version of versions) {
      const tried = probe.send(version, { destinationPort: port })
      if (isOpen(tried) && !ports.has(port)) ports.set(port, tried)
    }
  }
  if (ports.size > 0) holes.push(probe.hole('exempt-outbound-port', 'medium', `connections to port ${some([...ports.keys()])} of anybody leave in the clear`, 'take the exclusion of outbound ports away', [...ports.values()][0]))
  return [...holes, ...destinations(probe, versions)]
}

function destinations(probe: Probe, versions: readonly IpVersion[]): Hole[] {
  const found: Address[] = []
  let first: Tried | undefined
  for (const address of probe.mentions.destinations.values()) {
    if (!versions.includes(address.version) || isLocal(probe.subject.world, address)) continue
    const tried = probe.send(address.version, { destination: address })
    if (!isOpen(tried)) continue
    first ??= tried
    found.push(address)
  }
  if (first === undefined) return []
  const severity = isOfMesh(probe, found) ? 'low' : 'medium'
  return [probe.hole('exempt-outbound-address', severity, `connections to ${someAddresses(found)} or its network leave in the clear`, 'take the exclusion of outbound networks away', first)]
}

function isOfMesh({ subject: { mesh } }: Probe, addresses: readonly Address[]): boolean {
  return mesh !== undefined && mesh.ownSources.length > 0 && addresses.every((address) => mesh.ownSources.includes(addressText(address)))
}

/** Of thousands only those that are shown are written. */
function someAddresses(addresses: readonly Address[]): string {
  const shown = addresses.slice(0, MAX_SHOWN).map(addressText).join(', ')
  return addresses.length <= MAX_SHOWN ? shown : `${shown} and ${addresses.length - MAX_SHOWN} more`
}

/** By that interface, as the routes are: to a neighbour there, and from one. */
function byInterface(probe: Probe, name: string, baseline: Baseline): Tried[] {
  const { world } = probe.subject
  const own = world.interfaces.find((one) => one.name === name)?.addresses ?? []
  return own.flatMap((address) => {
    const other = neighbour(address)
    const sent = closed(baseline.send).includes(address.version) ? probe.send(address.version, { destination: other }) : undefined
    const received = closed(baseline.receive).includes(address.version) ? probe.receive(address.version, { interface: name, source: other }) : undefined
    return [sent, received].filter((tried) => tried !== undefined)
  })
}

/** Where no address is known there, as if it were the only way in and out. */
function byInterfaceAlone(probe: Probe, name: string, baseline: Baseline): (Tried | undefined)[] {
  const { world } = probe.subject
  const addresses = world.interfaces.find((one) => one.name !== 'lo')?.addresses ?? []
  const alone = { ...planWorld(addresses, name), listeners: world.listeners }
  return [...closed(baseline.send).map((version) => probe.send(version, {}, alone)), ...closed(baseline.receive).map((version) => probe.receive(version, {}, alone))]
}

function interfaces(probe: Probe, baseline: Baseline): Hole[] {
  const { world } = probe.subject
  const known = world.listeners === undefined ? undefined : new Set(world.interfaces.map(({ name }) => name))
  const holes: Hole[] = []
  for (const name of probe.mentions.interfaces) {
    if (name === 'lo' || name.endsWith('+') || name === '' || known?.has(name) === false) continue
    const isThere = world.interfaces.some((one) => one.name === name && one.addresses.length > 0)
    const tried = (isThere ? byInterface(probe, name, baseline) : byInterfaceAlone(probe, name, baseline)).find(isOpen)
    if (tried !== undefined) holes.push(probe.hole('exempt-interface', 'medium', `what ${tried.packet.direction === 'out' ? 'leaves' : 'arrives'} by ${name} is not intercepted`, `take the exclusion of ${name} away`, tried))
  }
  return holes
}
