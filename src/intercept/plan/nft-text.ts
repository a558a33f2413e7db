import { addressText, rangeOfAddressesText } from '../netfilter/address-range.ts'
import { hex } from '../netfilter/match-reason.ts'
import type { NumberRange } from '../netfilter/number-range.ts'
import { ICMP, ICMP6, protocolName } from '../netfilter/protocol-number.ts'
import type { IpVersion, Match } from '../netfilter/ruleset.ts'
import { isTcp } from './iptables-words.ts'
import { isBaseChain, portText, TABLE_NAMES } from './plan.ts'
import type { Plan, PlannedRule, TableName } from './plan.ts'
import { mergedRanges } from './port-groups.ts'
import { chainsOf } from './restore-text.ts'

const MAX_ID = 0xffff_fffe
const ALL = 0xffff_ffff
const HOOKS: Readonly<Record<TableName, Partial<Record<string, string>>>> = {
  raw: { PREROUTING: 'type filter hook prerouting priority -300', OUTPUT: 'type filter hook output priority -300' },
  mangle: { PREROUTING: 'type filter hook prerouting priority -150', OUTPUT: 'type route hook output priority -150' },
  nat: { PREROUTING: 'type nat hook prerouting priority -100', OUTPUT: 'type nat hook output priority -100' },
  filter: { INPUT: 'type filter hook input priority 0', FORWARD: 'type filter hook forward priority 0', OUTPUT: 'type filter hook output priority 0' },
}

/** One `inet` table for each of xtables' that is used. Istio's have the names that its own nft mode gives them. */
export function nftTableName(plan: Plan, table: TableName): string {
  return plan.preset === 'istio' ? `istio-proxy-${table}` : `mtlscope-${table}`
}

export function nftChainName(plan: Plan, chain: string): string {
  return isBaseChain(chain) || plan.preset === 'istio' ? chain.toLowerCase().replaceAll('_', '-') : chain
}

/**
 * The rules as nf_tables has them, a rule or two each: unlike xtables it goes on with the next rule where TPROXY finds nobody who
 * listens, and there stands one that drops.
 */
export function nftRules(plan: Plan): PlannedRule[] {
  return plan.rules.flatMap((rule) => rule.action.kind === 'tproxy' ? [rule, { ...rule, action: { kind: 'drop' } as const }] : [rule])
}

export function nftTables(plan: Plan): TableName[] {
  return TABLE_NAMES.filter((table) => plan.rules.some((rule) => rule.table === table))
}

/** What `nft -f` reads: one transaction, in a namespace that has none of these tables. */
export function nftText(plan: Plan): string {
  const rules = nftRules(plan)
  return nftTables(plan).map((table) => tableText(plan, table, rules.filter((rule) => rule.table === table))).join('')
}

function tableText(plan: Plan, table: TableName, rules: readonly PlannedRule[]): string {
  const base = [...new Set(rules.map(({ chain }) => chain))].filter(isBaseChain)
  const chains = [...chainsOf(rules), ...base].map((chain) => {
    const hook = isBaseChain(chain) ? [`    ${HOOKS[table][chain]!}; policy accept;`] : []
    const lines = rules.filter((rule) => rule.chain === chain).map((rule) => `    ${nftRuleText(plan, rule)}`)
    return [`  chain ${nftChainName(plan, chain)} {`, ...hook, ...lines, '  }'].join('\n')
  })
  return `table inet ${nftTableName(plan, table)} {\n${chains.join('\n')}\n}\n`
}

/**
 * The family that a rule has to ask for. Tables are for both: where the plan is for one, it is asked for at the entrance,
 * but for Istio, whose own nft mode leads IPv6 to a listener that is not there.
 */
export function askedFamily(plan: Plan, { chain, versions, matches }: PlannedRule): IpVersion | undefined {
  if (versions.length > 1 || isIcmp(matches) || matches.some(({ kind }) => kind === 'address')) return undefined
  if (plan.versions.length === 1 && (!isBaseChain(chain) || plan.preset === 'istio')) return undefined
  return versions[0]
}

function nftRuleText(plan: Plan, rule: PlannedRule): string {
  const version = askedFamily(plan, rule)
  const family = version === undefined ? [] : [`meta nfproto ipv${version}`]
  const impliedBy = new Set(rule.matches.flatMap((match) => match.kind === 'port' && match.protocol !== undefined ? [match.protocol] : []))
  const matches = rule.matches.filter((match) => match.kind !== 'protocol' || match.not || !impliedBy.has(match.numbers[0]!)).map(matchText)
  return [...family, ...matches, 'counter', actionText(plan, rule)].join(' ')
}

function setText(ranges: readonly NumberRange[]): string {
  const texts = mergedRanges(ranges).map((one) => portText(one, '-'))
  return texts.length === 1 ? texts[0]! : `{ ${texts.join(', ')} }`
}

function matchText(match: Match): string {
  const not = match.not ? '!= ' : ''
  switch (match.kind) {
    case 'protocol': return `meta l4proto ${not}${nftProtocol(match.numbers[0]!)}`
    case 'address': return `${match.ranges[0]!.low.version === 4 ? 'ip' : 'ip6'} ${match.side === 'source' ? 'saddr' : 'daddr'} ${not}${rangeOfAddressesText(match.ranges[0]!)}`
    case 'interface': return `${match.way === 'in' ? 'iifname' : 'oifname'} ${not}"${match.names[0]!.replace(/\+$/, '*')}"`
    case 'port': return `${protocolName(match.protocol!)} ${match.side === 'source' ? 'sport' : 'dport'} ${not}${setText(match.ranges)}`
    case 'owner': return `meta ${match.who === 'uid' ? 'skuid' : 'skgid'} ${not}${setText(match.ranges)}`
    // A packet without a socket has no owner to compare, so that nothing holds for it.
    case 'socket-exists': return `meta skuid 0-${MAX_ID}`
    case 'mark': return `${match.of === 'packet' ? 'meta' : 'ct'} mark ${match.mask === ALL ? '' : `& ${hex(match.mask)} `}${match.not ? '!=' : '=='} ${hex(match.ranges[0]!.from)}`
    case 'state': return `ct state ${not}${match.states.length === 1 ? match.states[0] : `{ ${match.states.join(', ')} }`}`
    default: return ''
  }
}

function nftProtocol(number: number): string {
  const name = protocolName(number)
  return name === 'icmpv6' ? 'ipv6-icmp' : name.replace('protocol ', '')
}

function actionText(plan: Plan, rule: PlannedRule): string {
  const { action, matches } = rule
  switch (action.kind) {
    case 'jump': return `jump ${nftChainName(plan, action.to)}`
    case 'accept': case 'drop': case 'return': return action.kind
    case 'reject': return `reject with ${isTcp(matches) ? 'tcp reset' : 'icmpx port-unreachable'}`
    case 'redirect': return `redirect to :${portText(action.ports!, '-')}`
    case 'dnat': return `dnat ip to ${addressText(action.address!.low)}`
    case 'tproxy': return `${action.mark === undefined ? '' : `meta mark set ${hex(action.mark.flip)} `}tproxy ${familyOf(plan, rule)}to :${action.port} accept`
    case 'set-mark': return `${action.of === 'packet' ? 'meta' : 'ct'} mark set ${hex(action.change.flip)}`
    case 'save-mark': return 'ct mark set meta mark'
    case 'restore-mark': return 'meta mark set ct mark'
    case 'zone': return `ct zone set ${action.zone}`
    default: return ''
  }
}

/** nft wants the family here too where the rule has asked for one, and only there. */
function familyOf(plan: Plan, rule: PlannedRule): string {
  const address = rule.matches.find((match) => match.kind === 'address')
  const version = address?.ranges[0]!.low.version ?? askedFamily(plan, rule)
  return version === undefined ? '' : version === 4 ? 'ip ' : 'ip6 '
}

/** The protocol says the family. */
function isIcmp(matches: readonly Match[]): boolean {
  return matches.some((match) => match.kind === 'protocol' && (match.numbers[0] === ICMP || match.numbers[0] === ICMP6))
}
