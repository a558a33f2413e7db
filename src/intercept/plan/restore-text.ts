import type { IpVersion } from '../netfilter/ruleset.ts'
import { iptablesWords } from './iptables-words.ts'
import { isBaseChain, TABLE_NAMES } from './plan.ts'
import type { Plan, PlannedRule, TableName } from './plan.ts'

/** Marks rules in the kernel's own chains that do not lead to a chain of ours, so that --clean knows them again. */
export const OWN_COMMENT = 'mtlscope'

export function rulesOf(plan: Plan, version: IpVersion, table: TableName): PlannedRule[] {
  return plan.rules.filter((rule) => rule.table === table && rule.versions.includes(version))
}

/** Chains that the rules are in or lead to, and that are not the kernel's. */
export function chainsOf(rules: readonly PlannedRule[]): string[] {
  const names = rules.flatMap(({ chain, action }) => action.kind === 'jump' ? [chain, action.to] : [chain])
  return [...new Set(names)].filter((name) => !isBaseChain(name)).sort()
}

function ruleWords(rule: PlannedRule, version: IpVersion): string {
  const words = iptablesWords(rule, version)
  if (!isBaseChain(rule.chain) || rule.action.kind === 'jump') return words
  return words.replace(/-j /, `-m comment --comment ${OWN_COMMENT} -j `)
}

/** The lines of one table that add what is planned to what others have there. */
export function additionLines(plan: Plan, version: IpVersion, table: TableName): string[] {
  const rules = rulesOf(plan, version, table)
  const base = rules.filter(({ chain }) => isBaseChain(chain))
  const places = new Map<string, number>()
  const baseLines = base.map((rule) => {
    const place = (places.get(rule.chain) ?? 0) + 1
    places.set(rule.chain, place)
    return plan.place === 'first' ? `-I ${rule.chain} ${place} ${ruleWords(rule, version)}` : `-A ${rule.chain} ${ruleWords(rule, version)}`
  })
  const others = rules.filter(({ chain }) => !isBaseChain(chain)).map((rule) => `-A ${rule.chain} ${ruleWords(rule, version)}`)
  return [...chainsOf(rules).map((name) => `:${name} - [0:0]`), ...baseLines, ...others]
}

/** What iptables-restore --noflush (ip6tables-restore for 6) reads in a namespace without rules of ours. */
export function restoreText(plan: Plan, version: IpVersion): string {
  const tables = TABLE_NAMES.map((table) => ({ table, lines: additionLines(plan, version, table) })).filter(({ lines }) => lines.length > 0)
  return tables.map(({ table, lines }) => `*${table}\n${lines.join('\n')}\nCOMMIT\n`).join('')
}
