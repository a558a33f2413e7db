import { OWN_COMMENT } from '../plan/restore-text.ts'
import { isBaseChain } from '../plan/plan.ts'
import type { Preset } from '../plan/plan.ts'
import type { Rule, Table } from '../netfilter/ruleset.ts'

/** The chain that stops everything while rules are being changed. */
export const DENY_CHAIN = 'MTLSCOPE_DENY'
/** An nft table that remembers which tables of iptables-nft were not there before. */
export const MADE_TABLE = 'made-by-mtlscope'

const CHAINS: readonly [Preset, RegExp][] = [
  ['istio', /^ISTIO_/], ['linkerd', /^PROXY_INIT_/], ['osm', /^OSM_PROXY_/], ['contrast', /^(CONTRAST|EDG)_IN/], ['mtlscope', /^MTLSCOPE_/],
]
const COMMENT = new RegExp(`--comment "?${OWN_COMMENT}"?( |$)`)

/** A chain of a mesh whose rules init writes. */
export function isOwnChain(name: string): boolean {
  return name !== DENY_CHAIN && CHAINS.some(([, pattern]) => pattern.test(name))
}

/** The preset that writes chains of that name. */
export function presetOfChain(name: string): Preset | undefined {
  return name === DENY_CHAIN || name === 'MTLSCOPE_NO_IPV6' ? undefined : CHAINS.find(([, pattern]) => pattern.test(name))?.[0]
}

export function isOwnNftTable({ family, name }: Table): boolean {
  return family === 'inet' && /^(istio-proxy|mtlscope)-(raw|mangle|nat|filter)$/.test(name)
}

/** A rule in one of the kernel's chains that init has put there. */
export function isOwnBaseRule(rule: Rule): boolean {
  if (!isBaseChain(rule.chain.name)) return false
  const action = rule.actions.at(-1)
  if (action?.kind === 'jump' || action?.kind === 'goto') return isOwnChain(action.chain.name)
  return COMMENT.test(rule.text)
}

/** Whether rules of any mesh are in it. */
export function hasOwnRules(table: Table): boolean {
  if (isOwnNftTable(table)) return true
  return [...table.chains.values()].some((chain) => chain.declared && isOwnChain(chain.name) || chain.rules.some(isOwnBaseRule))
}
