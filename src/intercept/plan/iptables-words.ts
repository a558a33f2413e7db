import { addressText, rangeOfAddressesText } from '../netfilter/address-range.ts'
import type { AddressRange } from '../netfilter/address-range.ts'
import { hex } from '../netfilter/match-reason.ts'
import { protocolName, TCP } from '../netfilter/protocol-number.ts'
import type { IpVersion, MarkChange, Match } from '../netfilter/ruleset.ts'
import { portText } from './plan.ts'
import type { PlannedAction, PlannedRule } from './plan.ts'

const ALL = 0xffff_ffff

/** What stands behind `-A CHAIN`, as iptables-save writes it. */
export function iptablesWords({ matches, action }: PlannedRule, version: IpVersion): string {
  const parts = matches.map(matchWords).filter((text) => text !== '')
  return [...parts, actionWords(action, version, matches)].join(' ')
}

function matchWords(match: Match): string {
  const not = match.not ? '! ' : ''
  switch (match.kind) {
    case 'protocol': return `${not}-p ${iptablesProtocol(match.numbers[0]!)}`
    case 'address': return `${not}${match.side === 'source' ? '-s' : '-d'} ${prefixText(match.ranges[0]!)}`
    case 'interface': return `${not}${match.way === 'in' ? '-i' : '-o'} ${match.names[0]!}`
    case 'port': return portWords(match, not)
    case 'owner': return `-m owner ${not}--${match.who}-owner ${portText(match.ranges[0]!, '-')}`
    case 'socket-exists': return `-m owner ${not}--socket-exists`
    case 'mark': return `-m ${match.of === 'packet' ? 'mark' : 'connmark'} ${not}--mark ${hex(match.ranges[0]!.from)}${match.mask === ALL ? '' : `/${hex(match.mask)}`}`
    case 'state': return `-m conntrack ${not}--ctstate ${match.states.map((state) => state.toUpperCase()).join(',')}`
    default: return ''
  }
}

function iptablesProtocol(number: number): string {
  const name = protocolName(number)
  return name === 'icmpv6' ? 'ipv6-icmp' : name.replace('protocol ', '')
}

function prefixText(range: AddressRange): string {
  const text = rangeOfAddressesText(range)
  return text.includes('/') ? text : `${text}/${range.low.version === 4 ? 32 : 128}`
}

function portWords({ side, ranges, protocol }: Extract<Match, { kind: 'port' }>, not: string): string {
  const option = side === 'source' ? 'sport' : 'dport'
  if (ranges.length > 1) return `-m multiport ${not}--${option}s ${ranges.map((one) => portText(one, ':')).join(',')}`
  return `-m ${protocol === undefined ? 'tcp' : protocolName(protocol)} ${not}--${option} ${portText(ranges[0]!, ':')}`
}

function changeText({ clear, flip }: MarkChange): string {
  return `${hex(flip)}/${hex(clear)}`
}

function actionWords(action: PlannedAction, version: IpVersion, matches: readonly Match[]): string {
  switch (action.kind) {
    case 'jump': return `-j ${action.to}`
    case 'accept': case 'drop': case 'return': return `-j ${action.kind.toUpperCase()}`
    case 'reject': return `-j REJECT --reject-with ${rejection(matches, version)}`
    case 'redirect': return `-j REDIRECT --to-ports ${portText(action.ports!, '-')}`
    case 'dnat': return `-j DNAT --to-destination ${addressText(action.address!.low)}`
    case 'tproxy': return `-j TPROXY --on-port ${action.port} --on-ip ${version === 4 ? '0.0.0.0' : '::'} --tproxy-mark ${changeText(action.mark ?? { clear: 0, flip: 0 })}`
    case 'set-mark': return `-j ${action.of === 'packet' ? 'MARK' : 'CONNMARK'} --set-xmark ${changeText(action.change)}`
    case 'save-mark': case 'restore-mark': return `-j CONNMARK --${action.kind} --nfmask ${hex(action.packetMask)} --ctmask ${hex(action.connectionMask)}`
    case 'zone': return `-j CT --zone ${action.zone}`
    default: return ''
  }
}

/** A connection is ended at once where it is one, rather than left to time out. */
function rejection(matches: readonly Match[], version: IpVersion): string {
  if (isTcp(matches)) return 'tcp-reset'
  return version === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'
}

export function isTcp(matches: readonly Match[]): boolean {
  return matches.some((match) => match.kind === 'protocol' && !match.not && match.numbers.length === 1 && match.numbers[0] === TCP)
}
