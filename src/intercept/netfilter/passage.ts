import type { Address } from '../../net/address.ts'
import { EPHEMERAL_PORT } from './packet.ts'
import type { Packet } from './packet.ts'
import type { Action, Rule, TrackDirection, TrackState } from './ruleset.ts'
import type { World } from './world.ts'

/** What is known of a packet on its way. One object for the whole way; the chains change it. */
export class Passage {
  readonly version: 4 | 6
  readonly protocol: number
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly world: World
  readonly state: TrackState
  readonly #direction: TrackDirection | undefined
  source: Address
  sourcePort: number
  destination: Address
  destinationPort: number
  inInterface = ''
  outInterface = ''
  hasSocket: boolean
  mark: number
  connectionMark = 0
  zone: number | undefined
  untracked: boolean
  /** The conntrack hook was passed, or the packet came over the loopback with its entry. */
  tracked = false
  /** The entry has an answer to whether the destination is rewritten, be it no. */
  destinationDone = false
  sourceDone = false
  natRule: Rule | undefined
  natKind: 'redirect' | 'dnat' | undefined
  tproxy: Extract<Action, { kind: 'tproxy' }> | undefined
  tproxyRule: Rule | undefined

  constructor(packet: Packet, world: World, source: Address) {
    this.version = packet.version
    this.protocol = packet.protocol
    this.uid = packet.uid
    this.gid = packet.gid
    this.world = world
    this.state = packet.state
    this.#direction = packet.trackDirection
    this.source = source
    this.sourcePort = packet.sourcePort ?? EPHEMERAL_PORT
    this.destination = packet.destination
    this.destinationPort = packet.destinationPort ?? 0
    this.hasSocket = packet.direction === 'out' && packet.hasSocket
    this.mark = packet.mark
    this.untracked = packet.state === 'untracked'
  }

  /** What `ct state` finds here. Before the conntrack hook there is no entry, which counts as invalid, but for the one that a zone brings. */
  get trackState(): TrackState {
    if (this.untracked) return 'untracked'
    if (this.tracked) return this.state
    return this.zone === undefined ? 'invalid' : 'new'
  }

  /** An entry in conntrack: a packet that it calls invalid has none. */
  get hasEntry(): boolean {
    return this.tracked && !this.untracked && this.state !== 'invalid'
  }

  /** Of the connection. `none`: there is no entry. `template`: a zone was set, and conntrack not asked yet. */
  get trackDirection(): TrackDirection | 'none' | 'template' | undefined {
    if (this.hasEntry) return this.#direction
    return this.tracked || this.untracked || this.zone === undefined ? 'none' : 'template'
  }
}
