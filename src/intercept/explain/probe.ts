import type { Address } from '../../net/address.ts'
import { parseAddress } from '../../net/address.ts'
import { isInside } from '../netfilter/address-range.ts'
import type { NumberRange } from '../netfilter/number-range.ts'
import type { Outcome } from '../netfilter/outcome.ts'
import { MAX_SEARCH_STEPS } from '../netfilter/limits.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import { EPHEMERAL_PORT } from '../netfilter/packet.ts'
import type { Packet } from '../netfilter/packet.ts'
import { packetText } from '../netfilter/packet-text.ts'
import { walkPacket } from '../netfilter/packet-walk.ts'
import { TCP } from '../netfilter/protocol-number.ts'
import type { Chain, IpVersion, Rule } from '../netfilter/ruleset.ts'
import { findRoute, isLinkLocal } from '../netfilter/world.ts'
import type { World } from '../netfilter/world.ts'
import type { Hole, HoleKind, Severity } from './hole.ts'
import type { Mentions } from './mentions.ts'
import type { Subject } from './subject.ts'

/** Nobody's: TEST-NET-3 (RFC 5737) and the prefix for documentation (RFC 3849). */
const OUTSIDE = ['203.0.113.7', '198.51.100.7', '192.0.2.7', '2001:db8::7', '2001:db8:7::7'].map((text) => parseAddress(text)!)
const FIRST_ID = 1000
const FIRST_PORT = 4242
const MAX_ID = 0xffff_fffe
const MAX_PORT = 65_535

/** In what a packet differs from one that no rule mentions. */
export type Outgoing = Partial<Pick<Packet, 'protocol' | 'destination' | 'destinationPort' | 'uid' | 'gid' | 'mark'>>
export type Incoming = Partial<Pick<Packet, 'protocol' | 'source' | 'destinationPort' | 'interface'>>
const NO_CHANGE = {}

export interface Tried { readonly packet: Packet, readonly outcome: Outcome }

interface Own { readonly name: string, readonly address: Address, readonly world: World, readonly version: IpVersion, readonly wanted: string | undefined }

/** Sends packets through the model that differ in one thing from what no rule mentions. Undefined is what cannot be sent, or comes after the limit. */
export class Probe {
  readonly subject: Subject
  readonly mentions: Mentions
  readonly maxSteps: number
  /** An uid, gid and port that no rule names. */
  readonly uid: number
  readonly port: number
  readonly unknowns = new Map<string, string>()
  #steps = 0
  /** The last answer: mostly it is the next, too. */
  #own: readonly Own[] = []
  readonly #outside = new Map<World, (Address | undefined)[]>()

  constructor(subject: Subject, mentions: Mentions, maxSteps = MAX_SEARCH_STEPS) {
    this.maxSteps = maxSteps
    this.subject = subject
    this.mentions = mentions
    this.uid = unmentioned(FIRST_ID, MAX_ID, mentions.idRanges, (id) => mentions.uids.has(id) || mentions.gids.has(id))
    this.port = unmentioned(FIRST_PORT, MAX_PORT, mentions.portRanges, (port) => mentions.portsOut.has(port) || mentions.portsIn.has(port))
  }

  /** So many rules were met that no further packet is tried. */
  get exhausted(): boolean {
    return this.#steps > this.maxSteps
  }

  send(version: IpVersion, change: Outgoing = NO_CHANGE, world = this.subject.world): Tried | undefined {
    const destination = change.destination ?? this.outside(version, world)
    if (destination === undefined) return undefined
    // Field by field: thousands of packets are tried, and a spread costs more than the walk of some.
    return this.#walk(world, {
      direction: 'out', version, protocol: change.protocol ?? TCP, source: undefined, sourcePort: undefined, destination, destinationPort: change.destinationPort ?? this.port,
      interface: undefined, uid: change.uid ?? this.uid, gid: change.gid ?? this.uid, hasSocket: true, mark: change.mark ?? 0, state: 'new', trackDirection: 'original',
    })
  }

  /** By the first interface that has an address of that family, or the one that `change` names. */
  receive(version: IpVersion, change: Incoming = NO_CHANGE, world = this.subject.world): Tried | undefined {
    const own = this.#ownAddress(version, world, change.interface)
    const source = change.source ?? this.outside(version, world)
    if (own === undefined || source === undefined) return undefined
    return this.#walk(world, {
      direction: 'in', version, protocol: change.protocol ?? TCP, source, sourcePort: EPHEMERAL_PORT, destination: own.address, destinationPort: change.destinationPort ?? this.port,
      interface: own.name, uid: undefined, gid: undefined, hasSocket: false, mark: 0, state: 'new', trackDirection: 'original',
    })
  }

  #ownAddress(version: IpVersion, world: World, name: string | undefined): Own | undefined {
    const [last] = this.#own
    if (last !== undefined && last.world === world && last.version === version && last.wanted === name) return last
    const found = world.interfaces.filter((one) => name === undefined ? one.name !== 'lo' : one.name === name)
      .flatMap((one) => one.addresses.filter((address) => address.version === version && !isLinkLocal(address)).map((address) => ({ name: one.name, address, world, version, wanted: name })))[0]
    this.#own = found === undefined ? [] : [found]
    return found
  }

  /** An address that routes lead out to and no rule names, or as few as can be. */
  outside(version: IpVersion, world: World): Address | undefined {
    let known = this.#outside.get(world)
    if (known === undefined) this.#outside.set(world, known = [this.#findOutside(4, world), this.#findOutside(6, world)])
    return known[version === 4 ? 0 : 1]
  }

  #findOutside(version: IpVersion, world: World): Address | undefined {
    const near = world.interfaces.flatMap((one) => one.addresses.filter((address) => address.version === version && one.name !== 'lo').map(neighbour))
    const possible = [...OUTSIDE, ...near].filter((address) => address.version === version && findRoute(world, address, 0).kind === 'out')
    const counts = possible.map((address) => this.#mentionsOf(address))
    return possible[counts.indexOf(Math.min(...counts))]
  }

  #mentionsOf(address: Address): number {
    let count = 0
    for (const range of this.mentions.addressRanges) if (isInside(address, range)) count++
    return count
  }

  #walk(world: World, packet: Packet): Tried | undefined {
    if (this.exhausted) return undefined
    const { outcome, steps } = walkPacket(this.subject.netfilter, world, packet)
    this.#steps += steps
    if (outcome.kind === 'unknown') this.#noteUnknown(packet, outcome)
    return { packet, outcome }
  }

  #noteUnknown(packet: Packet, outcome: Outcome): void {
    const text = outcomeText(outcome)
    if (!this.unknowns.has(text) && this.unknowns.size < 20) this.unknowns.set(text, `${packetText(packet)}: ${text}`)
  }

  /** The last rule of nat or mangle that let the packet go: it is what makes the exemption. */
  #exemption(packet: Packet): Rule | undefined {
    const { trace } = walkPacket(this.subject.netfilter, this.subject.world, packet, true)
    let found: Rule | undefined
    for (const entry of trace) {
      if (entry.kind !== 'rule' || entry.matched !== 'yes' || !isBeforeFilter(entry.rule.chain)) continue
      const end = entry.rule.actions.at(-1)?.kind
      if (end === 'return' || end === 'accept') found = entry.rule
    }
    return found
  }

  hole(kind: HoleKind, severity: Severity, what: string, fix: string, tried?: Tried): Hole {
    if (tried === undefined) return { kind, severity, what, fix }
    const by = tried.outcome.by ?? this.#exemption(tried.packet)
    return { kind, severity, what, fix, packet: packetText(tried.packet), ends: outcomeText(tried.outcome), line: by?.line, rule: by?.text }
  }
}

/** In nft names say nothing: of a base chain its place does. */
function isBeforeFilter({ base, table }: Chain): boolean {
  return /nat|mangle/.test(table.name) || table.backend === 'nft' && base !== undefined && (base.type !== 'filter' || base.priority < 0)
}

/** The packet went around: it left, or reached what it was meant for. */
export function isOpen(tried: Tried | undefined): tried is Tried {
  if (tried === undefined) return false
  const { outcome, packet } = tried
  return packet.direction === 'out' ? outcome.kind === 'leaves' : outcome.kind === 'arrives' && outcome.how === 'direct'
}

export function isCaptured(tried: Tried | undefined): tried is Tried {
  return tried !== undefined && tried.outcome.kind === 'arrives' && tried.outcome.how !== 'direct'
}

/** The next from `first` on; `first` where all are mentioned. */
function unmentioned(first: number, last: number, ranges: readonly NumberRange[], isMentioned: (value: number) => boolean): number {
  let value = first
  while (value <= last) {
    const around = ranges.find(({ from, to }) => value >= from && value <= to)
    if (around !== undefined) value = around.to + 1
    else if (isMentioned(value)) value++
    else return value
  }
  return first
}

/** Another address of the same network, most likely. */
export function neighbour(address: Address): Address {
  const last = address.words[3]
  return { version: address.version, words: [address.words[0], address.words[1], address.words[2], ((last & 0xff) === 9 ? last + 1 : (last & ~0xff | 9)) >>> 0] }
}

