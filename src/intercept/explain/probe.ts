import type { Address } from '../../net/address.ts'
import { parseAddress } from '../../net/address.ts'
import { sameAddress } from '../netfilter/address-range.ts'
import type { Outcome } from '../netfilter/outcome.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import type { Packet } from '../netfilter/packet.ts'
import { packetText } from '../netfilter/packet-text.ts'
import { walkPacket } from '../netfilter/packet-walk.ts'
import { TCP } from '../netfilter/protocol-number.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import { findRoute, isLinkLocal } from '../netfilter/world.ts'
import type { World } from '../netfilter/world.ts'
import type { Hole, HoleKind, Severity } from './hole.ts'
import type { Mentions } from './mentions.ts'
import type { Subject } from './subject.ts'

/** Nobody's: TEST-NET-3 (RFC 5737) and the prefix for documentation (RFC 3849). */
const OUTSIDE = ['203.0.113.7', '198.51.100.7', '192.0.2.7', '2001:db8::7', '2001:db8:7::7'].map((text) => parseAddress(text)!)
const FIRST_ID = 1000
const FIRST_PORT = 4242

export interface Tried { readonly packet: Packet, readonly outcome: Outcome }

interface Own { readonly name: string, readonly address: Address, readonly world: World, readonly version: IpVersion, readonly wanted: string | undefined }

/** Sends packets through the model that differ in one thing from what no rule mentions. */
export class Probe {
  readonly subject: Subject
  readonly mentions: Mentions
  /** An uid, gid and port that no rule names. */
  readonly uid: number
  readonly port: number
  readonly unknowns = new Map<string, string>()
  #tried = 0
  /** The last answer: mostly it is the next, too. */
  #own: readonly Own[] = []
  readonly #outside = new Map<World, (Address | undefined)[]>()

  constructor(subject: Subject, mentions: Mentions) {
    this.subject = subject
    this.mentions = mentions
    this.uid = unmentioned(FIRST_ID, (id) => mentions.uids.has(id) || mentions.gids.has(id))
    this.port = unmentioned(FIRST_PORT, (port) => mentions.portsOut.has(port) || mentions.portsIn.has(port))
  }

  get tried(): number {
    return this.#tried
  }

  send(version: IpVersion, change: Partial<Packet> = {}, world = this.subject.world): Tried | undefined {
    const destination = change.destination ?? this.outside(version, world)
    if (destination === undefined) return undefined
    return this.#walk(world, {
      direction: 'out', version, protocol: TCP, source: undefined, sourcePort: undefined, destination, destinationPort: this.port, interface: undefined,
      uid: this.uid, gid: this.uid, hasSocket: true, mark: 0, state: 'new', ...change,
    })
  }

  /** By the first interface that has an address of that family, or the one that `change` names. */
  receive(version: IpVersion, change: Partial<Packet> = {}, world = this.subject.world): Tried | undefined {
    const own = this.#ownAddress(version, world, change.interface)
    const source = change.source ?? this.outside(version, world)
    if (own === undefined || source === undefined) return undefined
    return this.#walk(world, {
      direction: 'in', version, protocol: TCP, source, sourcePort: 40_000, destination: own.address, destinationPort: this.port, interface: own.name,
      uid: undefined, gid: undefined, hasSocket: false, mark: 0, state: 'new', ...change,
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

  /** An address that routes lead out to and no rule names. */
  outside(version: IpVersion, world: World): Address | undefined {
    let known = this.#outside.get(world)
    if (known === undefined) this.#outside.set(world, known = [this.#findOutside(4, world), this.#findOutside(6, world)])
    return known[version === 4 ? 0 : 1]
  }

  #findOutside(version: IpVersion, world: World): Address | undefined {
    const near = world.interfaces.flatMap((one) => one.addresses.filter((address) => address.version === version && one.name !== 'lo').map(neighbour))
    return [...OUTSIDE, ...near].find((address) => address.version === version && findRoute(world, address, 0).kind === 'out' && !this.#isMentioned(address))
  }

  #isMentioned(address: Address): boolean {
    for (const other of this.mentions.destinations.values()) if (sameAddress(other, address)) return true
    return false
  }

  #walk(world: World, packet: Packet): Tried {
    this.#tried++
    const { outcome } = walkPacket(this.subject.netfilter, world, packet)
    if (outcome.kind === 'unknown') this.#noteUnknown(packet, outcome)
    return { packet, outcome }
  }

  #noteUnknown(packet: Packet, outcome: Outcome): void {
    const text = outcomeText(outcome)
    if (!this.unknowns.has(text) && this.unknowns.size < 20) this.unknowns.set(text, `${packetText(packet)}: ${text}`)
  }

  hole(kind: HoleKind, severity: Severity, what: string, fix: string, tried?: Tried): Hole {
    if (tried === undefined) return { kind, severity, what, fix }
    const by = 'by' in tried.outcome ? tried.outcome.by : undefined
    return { kind, severity, what, fix, packet: packetText(tried.packet), ends: outcomeText(tried.outcome), line: by?.line, rule: by?.text }
  }
}

/** The packet went around: it left, or reached what it was meant for. */
export function isOpen(tried: Tried | undefined): tried is Tried {
  if (tried === undefined) return false
  const { outcome, packet } = tried
  return packet.direction === 'out' ? outcome.kind === 'leaves' : outcome.kind === 'arrives' && outcome.how === 'direct'
}

export function isCaptured(tried: Tried | undefined): boolean {
  return tried !== undefined && tried.outcome.kind === 'arrives' && tried.outcome.how !== 'direct'
}

function unmentioned(first: number, isMentioned: (value: number) => boolean): number {
  let value = first
  while (isMentioned(value)) value++
  return value
}

function neighbour(address: Address): Address {
  const last = address.words[3]
  return { version: address.version, words: [address.words[0], address.words[1], address.words[2], ((last & 0xff) === 9 ? last + 1 : (last & ~0xff | 9)) >>> 0] }
}

