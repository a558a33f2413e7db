import { addressText, rangeOfAddressesText } from './address-range.ts'
import { rangeText } from './number-range.ts'
import type { Passage } from './passage.ts'
import { protocolName } from './protocol-number.ts'
import type { Match } from './ruleset.ts'

/** Why a condition does not hold for the packet, or is not known to: `destination port is 80, not 15008`. */
export function reasonOf(match: Match, at: Passage): string {
  const is = match.not ? 'is' : 'is not'
  switch (match.kind) {
    case 'version': return `it is IPv${at.version}`
    case 'protocol': return `it is ${protocolName(at.protocol)}`
    case 'address': return `${match.side} ${addressText(match.side === 'source' ? at.source : at.destination)} ${is} ${some(match.ranges, rangeOfAddressesText)}`
    case 'port': return portReason(match, at, is)
    case 'interface': return interfaceReason(match, at, is)
    case 'owner': return ownerReason(match, at, is)
    case 'socket-exists': return at.hasSocket ? 'it has a socket' : 'it has no socket'
    case 'mark': return markReason(match, at, is)
    case 'zone': return at.hasEntry ? `its zone ${at.zone ?? 0} ${is} ${some(match.ranges, rangeText)}` : directionReason(at)
    case 'state': return `its connection is ${at.trackState}`
    case 'direction': return directionReason(at)
    case 'local-address': return `${match.side} ${match.not ? 'is' : 'is not'} an own address`
    case 'tcp-flags': return 'of its TCP flags'
    case 'unknown': return `it is not modelled: ${match.what}`
  }
}

const MAX_SHOWN = 6

/** Sets may have a hundred thousand elements: only of those that are shown is a text made. */
function some<T>(items: readonly T[], textOf: (item: T) => string): string {
  const shown = items.slice(0, MAX_SHOWN).map(textOf).join(', ')
  return items.length <= MAX_SHOWN ? shown : `${shown}, … (${items.length})`
}

function directionReason({ trackDirection }: Passage): string {
  if (trackDirection === 'none') return 'conntrack has no entry of it'
  if (trackDirection === 'template') return 'it has the entry of a zone, and is not tracked yet'
  return trackDirection === undefined ? 'its direction is not known' : `it goes in the ${trackDirection} direction of its connection`
}

function portReason(match: Extract<Match, { kind: 'port' }>, at: Passage, is: string): string {
  if (match.protocol !== undefined && match.protocol !== at.protocol) return `it is ${protocolName(at.protocol)}`
  const value = match.side === 'source' ? at.sourcePort : at.destinationPort
  return `${match.side === 'either' ? '' : `${match.side} `}port ${value} ${is} ${some(match.ranges, rangeText)}`
}

function interfaceReason(match: Extract<Match, { kind: 'interface' }>, at: Passage, is: string): string {
  const name = match.way === 'in' ? at.inInterface : at.outInterface
  const where = match.way === 'in' ? 'comes in by' : 'goes out by'
  return name === '' ? `it ${match.way === 'in' ? 'was made here' : 'is not on its way out'}` : `it ${where} ${name}, which ${is} ${some(match.names, (each) => each)}`
}

function ownerReason(match: Extract<Match, { kind: 'owner' }>, at: Passage, is: string): string {
  if (!at.hasSocket) return 'it has no socket'
  const id = match.who === 'uid' ? at.uid : at.gid
  return id === undefined ? `its ${match.who} is not known` : `${match.who} ${id} ${is} ${some(match.ranges, rangeText)}`
}

function markReason(match: Extract<Match, { kind: 'mark' }>, at: Passage, is: string): string {
  const mark = match.of === 'packet' ? at.mark : at.connectionMark
  const wanted = some(match.ranges, (range) => range.from === range.to ? hex(range.from) : `${hex(range.from)}-${hex(range.to)}`)
  return `${match.of === 'packet' ? 'mark' : "connection's mark"} ${hex(mark)} ${is} ${wanted}${match.mask === 0xffff_ffff ? '' : ` under ${hex(match.mask)}`}`
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
