import { parsePrefix } from '../netfilter/address-range.ts'
import type { NumberRange } from '../netfilter/number-range.ts'
import { ICMP, ICMP6, TCP, UDP } from '../netfilter/protocol-number.ts'
import type { IpVersion, Match, TrackState } from '../netfilter/ruleset.ts'

const ALL = 0xffff_ffff

export function protocol(number: number): Match {
  return { kind: 'protocol', not: false, numbers: [number] }
}

export const tcp = protocol(TCP)
export const udp = protocol(UDP)

export function icmp(version: IpVersion): Match {
  return protocol(version === 4 ? ICMP : ICMP6)
}

export function port(number: number): NumberRange {
  return { from: number, to: number }
}

/** Of TCP, unless `of` says UDP; the rule needs the condition on the protocol, too. */
export function to(ports: readonly NumberRange[], { not = false, of = TCP }: { not?: boolean, of?: number } = {}): Match {
  return { kind: 'port', not, side: 'destination', protocol: of, ranges: ports }
}

export function from(ports: readonly NumberRange[], of: number): Match {
  return { kind: 'port', not: false, side: 'source', protocol: of, ranges: ports }
}

/** `text` has been looked at before: it is a network. */
export function network(side: 'source' | 'destination', text: string, not = false): Match {
  return { kind: 'address', not, side, ranges: [parsePrefix(text)!] }
}

export function entersBy(name: string): Match {
  return { kind: 'interface', not: false, way: 'in', names: [name] }
}

export function leavesBy(name: string): Match {
  return { kind: 'interface', not: false, way: 'out', names: [name] }
}

export function owner(who: 'uid' | 'gid', id: number, not = false): Match {
  return { kind: 'owner', not, who, ranges: [port(id)], semantics: 'xtables' }
}

export const hasSocket: Match = { kind: 'socket-exists', not: false }

export function marked(of: 'packet' | 'connection', mark: number, not = false): Match {
  return { kind: 'mark', not, of, mask: ALL, ranges: [port(mark)] }
}

export function state(...states: TrackState[]): Match {
  return { kind: 'state', not: false, states }
}
