import { isInsideAny } from './address-range.ts'
import { isWithin } from './number-range.ts'
import type { Passage } from './passage.ts'
import { hasPorts, TCP } from './protocol-number.ts'
import type { Match } from './ruleset.ts'
import { isLocal } from './world.ts'

export const NO = 0
export const YES = 1
export const UNKNOWN = 2
export type Answer = typeof NO | typeof YES | typeof UNKNOWN

const SYN = 2
const ACK = 16

/** Whether one condition holds for the packet where it is now. */
export function testMatch(match: Match, at: Passage): Answer {
  switch (match.kind) {
    case 'version': return invert(match.version === at.version, match.not)
    case 'protocol': return invert(match.numbers.includes(at.protocol), match.not)
    case 'address': return invert(isInsideAny(match.side === 'source' ? at.source : at.destination, match.ranges), match.not)
    case 'port': return testPort(match, at)
    case 'interface': return invert(isNamed(match.way === 'in' ? at.inInterface : at.outInterface, match.names), match.not)
    case 'owner': return testOwner(match, at)
    case 'socket-exists': return invert(at.hasSocket, match.not)
    case 'mark': return testMark(match, at)
    case 'zone': return testZone(match, at)
    case 'state': return invert(match.states.includes(at.trackState), match.not)
    case 'direction': return testDirection(match, at)
    case 'local-address': return invert(isLocal(at.world, match.side === 'source' ? at.source : at.destination), match.not)
    case 'tcp-flags': return testFlags(match, at)
    case 'unknown': return UNKNOWN
  }
}

function invert(holds: boolean, not: boolean): Answer {
  return holds === not ? NO : YES
}

function testPort(match: Extract<Match, { kind: 'port' }>, at: Passage): Answer {
  // A packet without ports satisfies neither a condition on them nor its negation.
  if (match.protocol === undefined ? !hasPorts(at.protocol) : at.protocol !== match.protocol) return NO
  if (match.side === 'destination') return invert(isWithin(at.destinationPort, match.ranges), match.not)
  if (match.side === 'source') return invert(isWithin(at.sourcePort, match.ranges), match.not)
  return invert(isWithin(at.destinationPort, match.ranges) || isWithin(at.sourcePort, match.ranges), match.not)
}

function isNamed(name: string, patterns: readonly string[]): boolean {
  for (const pattern of patterns) {
    if (pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern) return true
  }
  return false
}

/** xt_owner takes a packet without a socket for one that every negated condition holds for; nft_meta has no value to compare, so that nothing holds. */
function testOwner(match: Extract<Match, { kind: 'owner' }>, at: Passage): Answer {
  if (!at.hasSocket) return match.not && match.semantics === 'xtables' ? YES : NO
  const id = match.who === 'uid' ? at.uid : at.gid
  return id === undefined ? UNKNOWN : invert(isWithin(id, match.ranges), match.not)
}

function testMark(match: Extract<Match, { kind: 'mark' }>, at: Passage): Answer {
  if (match.of === 'packet') return invert(isWithin((at.mark & match.mask) >>> 0, match.ranges), match.not)
  // Without an entry there is no mark to compare, negated or not.
  if (!at.hasEntry) return NO
  return invert(isWithin((at.connectionMark & match.mask) >>> 0, match.ranges), match.not)
}

function testZone(match: Extract<Match, { kind: 'zone' }>, at: Passage): Answer {
  if (at.trackDirection === 'none') return NO
  return at.trackDirection === 'template' ? UNKNOWN : invert(isWithin(at.zone ?? 0, match.ranges), match.not)
}

/**
 * CTINFO2DIR of the entry (net/netfilter/nft_ct.c, xt_conntrack.c). A zone that was set in raw is an entry of its own until conntrack comes: a new
 * connection's for xtables and for nft of kernels that are not so new, and none for nft of later ones.
 */
function testDirection(match: Extract<Match, { kind: 'direction' }>, at: Passage): Answer {
  const direction = at.trackDirection
  if (direction === 'none') return match.semantics === 'xtables-state' ? YES : NO
  if (direction === 'template') return match.semantics === 'nft' ? UNKNOWN : invert(match.directions.includes('original'), match.not)
  return direction === undefined ? UNKNOWN : invert(match.directions.includes(direction), match.not)
}

function testFlags(match: Extract<Match, { kind: 'tcp-flags' }>, at: Passage): Answer {
  if (at.protocol !== TCP) return NO
  if (at.state !== 'new' && at.state !== 'established') return UNKNOWN
  return invert(((at.state === 'new' ? SYN : ACK) & match.mask) === match.flags, match.not)
}
