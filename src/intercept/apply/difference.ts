import { rangeOfAddressesText } from '../netfilter/address-range.ts'
import type { NumberRange } from '../netfilter/number-range.ts'
import { ICMP, ICMP6 } from '../netfilter/protocol-number.ts'
import type { Action, IpVersion, Match, Rule, Table } from '../netfilter/ruleset.ts'
import { iptablesWords } from '../plan/iptables-words.ts'
import { askedFamily, nftChainName, nftRules, nftTableName, nftTables } from '../plan/nft-text.ts'
import { isBaseChain, TABLE_NAMES } from '../plan/plan.ts'
import type { Plan, PlannedAction, PlannedRule, TableName } from '../plan/plan.ts'
import { mergedRanges } from '../plan/port-groups.ts'
import { chainsOf, rulesOf } from '../plan/restore-text.ts'
import type { NamespaceState, Saved } from './namespace-state.ts'
import { DENY_CHAIN, isOwnBaseRule, isOwnChain, isOwnNftTable } from './ownership.ts'
import type { XtablesBackend } from './xtables-program.ts'

export type InterceptBackend = XtablesBackend | 'nft'

/** One place where the rules are not those of the plan: a sentence. */
export type Difference = string

/** The rules in their order, against those of the plan; order and number count, counters, comments and ways of writing do not. */
export function compareRules(plan: Plan, state: NamespaceState, backend: InterceptBackend): Difference[] {
  const denied = state.saved.filter((saved) => saved.tables.some((table) => table.chains.get(DENY_CHAIN)?.declared === true)).map(({ version }) => `IPv${version}: everything is denied since a change of the rules failed`)
  if (backend === 'nft') return [...denied, ...compareNative(plan, state.native)]
  const versions: readonly IpVersion[] = state.hasIpv6 ? [4, 6] : [4]
  return [...denied, ...versions.flatMap((version) => compareSaved(plan, version, state.saved.find((one) => one.version === version && one.backend === backend)))]
}

export function compareSaved(plan: Plan, version: IpVersion, saved: Saved | undefined): Difference[] {
  return TABLE_NAMES.flatMap((name) => {
    const place = `${version === 4 ? 'iptables' : 'ip6tables'} table ${name}`
    const table = saved?.tables.find((one) => one.name === name)
    return [...compareOwnChains(plan, version, name, table, place), ...compareBaseChains(plan, version, name, table, place)]
  })
}

function compareOwnChains(plan: Plan, version: IpVersion, name: TableName, table: Table | undefined, place: string): Difference[] {
  const rules = rulesOf(plan, version, name)
  const wanted = chainsOf(rules)
  const there = [...table?.chains.values() ?? []].filter((chain) => chain.declared && isOwnChain(chain.name)).map((chain) => chain.name)
  const surplus = there.filter((chain) => !wanted.includes(chain)).map((chain) => `${place}: chain ${chain} is there, and not planned`)
  return [...surplus, ...wanted.flatMap((chain) => {
    const found = table?.chains.get(chain)
    if (found?.declared !== true) return [`${place}: chain ${chain} is missing`]
    return compareLists(`${place}, chain ${chain}`, rules.filter((rule) => rule.chain === chain).map((rule) => expectedOf(rule, version)), found.rules.map(actualOf))
  })]
}

/** Ours among those of others: in order, and in front of them where the plan says so. */
function compareBaseChains(plan: Plan, version: IpVersion, name: TableName, table: Table | undefined, place: string): Difference[] {
  const rules = rulesOf(plan, version, name).filter(({ chain }) => isBaseChain(chain))
  const chains = new Set([...rules.map(({ chain }) => chain), ...[...table?.chains.keys() ?? []].filter(isBaseChain)])
  return [...chains].flatMap((chain) => {
    const wanted = rules.filter((rule) => rule.chain === chain).map((rule) => expectedOf(rule, version))
    const present = table?.chains.get(chain)?.rules ?? []
    const own = present.filter(isOwnBaseRule)
    const title = `${place}, chain ${chain}`
    const found = compareLists(title, wanted, own.map(actualOf))
    const before = plan.place === 'first' && own.length > 0 ? present.slice(0, present.indexOf(own.at(-1)!)).find((rule) => !isOwnBaseRule(rule) && !isDenial(rule)) : undefined
    return before === undefined ? found : [...found, `${title}: a rule of somebody else stands before ours (${before.text})`]
  })
}

function isDenial(rule: Rule): boolean {
  const action = rule.actions.at(-1)
  return action?.kind === 'jump' && action.chain.name === DENY_CHAIN
}

function compareNative(plan: Plan, tables: readonly Table[]): Difference[] {
  const own = tables.filter(isOwnNftTable)
  const wanted = nftTables(plan)
  const names = wanted.map((table) => nftTableName(plan, table))
  const surplus = own.filter(({ name }) => !names.includes(name)).map(({ name }) => `nft: table inet ${name} is there, and not planned`)
  const rules = nftRules(plan)
  return [...surplus, ...wanted.flatMap((table) => {
    const name = nftTableName(plan, table)
    const found = own.find((one) => one.name === name)
    if (found === undefined) return [`nft: table inet ${name} is missing`]
    return compareNativeTable(plan, rules.filter((rule) => rule.table === table), found)
  })]
}

function compareNativeTable(plan: Plan, rules: readonly PlannedRule[], table: Table): Difference[] {
  const chains = [...new Set([...rules.map(({ chain }) => chain), ...chainsOf(rules)])]
  const names = chains.map((chain) => nftChainName(plan, chain))
  const place = `nft table inet ${table.name}`
  const surplus = [...table.chains.keys()].filter((name) => !names.includes(name)).map((name) => `${place}: chain ${name} is there, and not planned`)
  return [...surplus, ...chains.flatMap((chain, i) => {
    const found = table.chains.get(names[i]!)
    if (found === undefined) return [`${place}: chain ${names[i]!} is missing`]
    if (isBaseChain(chain) && found.base === undefined) return [`${place}: chain ${names[i]!} has lost its hook`]
    return compareLists(`${place}, chain ${names[i]!}`, rules.filter((rule) => rule.chain === chain).map((rule) => expectedNative(plan, rule)), found.rules.map(actualOf))
  })]
}

/** `key` is what is compared, `text` what is shown. */
interface Comparable { readonly key: string, readonly text: string }

function compareLists(place: string, wanted: readonly Comparable[], found: readonly Comparable[]): Difference[] {
  const at = wanted.findIndex((one, i) => one.key !== found[i]?.key)
  if (at >= 0) {
    const there = found[at] === undefined ? 'nothing' : found[at].text
    return [`${place}: rule ${at + 1} should be "${wanted[at]!.text}", and is ${there === 'nothing' ? there : `"${there}"`}`]
  }
  return found.length > wanted.length ? [`${place}: rule ${wanted.length + 1} is not planned: "${found[wanted.length]!.text}"`] : []
}

function actualOf(rule: Rule): Comparable {
  return { key: keyOf(rule.matches, rule.actions), text: rule.text.replace(/^-A \S+ /, '') }
}

function expectedOf(rule: PlannedRule, version: IpVersion): Comparable {
  return { key: keyOf(rule.matches, [rule.action]), text: iptablesWords(rule, version) }
}

function expectedNative(plan: Plan, rule: PlannedRule): Comparable {
  const version = askedFamily(plan, rule)
  const family: Match[] = version === undefined ? [] : [{ kind: 'version', not: false, version }]
  const action = rule.action.kind === 'jump' ? { ...rule.action, to: nftChainName(plan, rule.action.to) } : rule.action
  return { key: keyOf([...family, ...rule.matches], nativeActions(action)), text: iptablesWords(rule, rule.versions[0]!) }
}

/** xtables does it at once. */
function nativeActions(action: PlannedAction): PlannedAction[] {
  if (action.kind !== 'tproxy') return [action]
  const mark: PlannedAction[] = action.mark === undefined ? [] : [{ kind: 'set-mark', of: 'packet', change: action.mark }]
  return [...mark, { ...action, mark: undefined }, { kind: 'accept' }]
}

const MAX_ID = 0xffff_fffe

function keyOf(matches: readonly Match[], actions: readonly (Action | PlannedAction)[]): string {
  const implied = new Set(matches.flatMap((match) => match.kind === 'port' && match.protocol !== undefined ? [match.protocol] : []))
  const versions = new Set(matches.flatMap(impliedVersions))
  const needed = matches.filter((match) => !(match.kind === 'protocol' && !match.not && match.numbers.length === 1 && implied.has(match.numbers[0]!)) && !(match.kind === 'version' && versions.has(match.version)))
  return `${[...new Set(needed.map(matchKey))].sort().join(' ')} ${actions.map(actionKey).join(' ')}`
}

/** nft leaves the family away where an address says it, or ICMP. */
function impliedVersions(match: Match): IpVersion[] {
  if (match.kind === 'address') return [match.ranges[0]!.low.version]
  if (match.kind !== 'protocol' || match.not) return []
  return match.numbers.flatMap((number): IpVersion[] => number === ICMP ? [4] : number === ICMP6 ? [6] : [])
}

function numbers(ranges: readonly NumberRange[]): string {
  return mergedRanges(ranges).map(({ from, to }) => `${from}-${to}`).join(',')
}

function matchKey(match: Match): string {
  const not = match.not ? '!' : ''
  switch (match.kind) {
    case 'version': return `${not}v${match.version}`
    case 'protocol': return `${not}p${match.numbers.join(',')}`
    case 'address': return `${not}${match.side}:${match.ranges.map(rangeOfAddressesText).sort().join(',')}`
    case 'port': return `${not}${match.side}-port:${match.protocol ?? 'any'}:${numbers(match.ranges)}`
    case 'interface': return `${not}${match.way}:${match.names.join(',')}`
    // nft has no word for it, and says it by an owner of any number.
    case 'owner': return match.ranges[0]!.from === 0 && match.ranges[0]!.to >= MAX_ID ? 'socket' : `${not}${match.who}:${numbers(match.ranges)}`
    case 'socket-exists': return `${not}socket`
    case 'mark': return `${not}${match.of}-mark:${match.mask}:${numbers(match.ranges)}`
    case 'state': return `${not}state:${[...match.states].sort().join(',')}`
    default: return JSON.stringify(match)
  }
}

function actionKey(action: Action | PlannedAction): string {
  switch (action.kind) {
    case 'jump': case 'goto': return `${action.kind}:${'to' in action ? action.to : action.chain.name}`
    case 'redirect': return `redirect:${action.ports === undefined ? '' : numbers([action.ports])}`
    case 'dnat': case 'snat': return `${action.kind}:${action.address === undefined ? '' : rangeOfAddressesText(action.address)}:${action.ports === undefined ? '' : numbers([action.ports])}`
    case 'tproxy': return `tproxy:${action.port}:${action.address === undefined ? '' : rangeOfAddressesText(action.address)}:${action.mark?.clear ?? 0}:${action.mark?.flip ?? 0}`
    case 'set-mark': return `mark:${action.of}:${action.change.clear}:${action.change.flip}`
    case 'save-mark': case 'restore-mark': return `${action.kind}:${action.packetMask}:${action.connectionMask}`
    case 'zone': return `zone:${action.zone}`
    case 'unknown': return `unknown:${action.what}`
    default: return action.kind
  }
}
