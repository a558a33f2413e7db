import { additionLines, chainsOf, rulesOf } from '../plan/restore-text.ts'
import { TABLE_NAMES } from '../plan/plan.ts'
import type { Plan, TableName } from '../plan/plan.ts'
import type { IpVersion, Table } from '../netfilter/ruleset.ts'
import { DENY_CHAIN, hasOwnRules, isOwnBaseRule, isOwnChain } from './ownership.ts'
import type { Saved } from './namespace-state.ts'

const DENIED_HOOKS = ['INPUT', 'FORWARD', 'OUTPUT']

function block(table: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `*${table}\n${lines.join('\n')}\nCOMMIT\n`
}

function tableOf(saved: Saved | undefined, name: string): Table | undefined {
  return saved?.tables.find((table) => table.name === name)
}

/** Nothing passes but loopback from here on. */
export function denyScript(saved: Saved | undefined): string {
  const filter = tableOf(saved, 'filter')
  const jumps = DENIED_HOOKS.filter((hook) => !isDenied(filter, hook)).map((hook) => `-I ${hook} 1 -j ${DENY_CHAIN}`)
  return block('filter', [`:${DENY_CHAIN} - [0:0]`, `-A ${DENY_CHAIN} -i lo -j RETURN`, `-A ${DENY_CHAIN} -o lo -j RETURN`, `-A ${DENY_CHAIN} -j DROP`, ...jumps])
}

function isDenied(filter: Table | undefined, hook: string): boolean {
  const action = filter?.chains.get(hook)?.rules[0]?.actions.at(-1)
  return action?.kind === 'jump' && action.chain.name === DENY_CHAIN
}

/** Ends what denyScript has begun. */
export function liftScript(): string {
  return block('filter', [...DENIED_HOOKS.map((hook) => `-D ${hook} -j ${DENY_CHAIN}`), `-F ${DENY_CHAIN}`, `-X ${DENY_CHAIN}`])
}

/** Whether it was left behind by one that failed. */
export function hasDeny(saved: Saved | undefined): boolean {
  return tableOf(saved, 'filter')?.chains.get(DENY_CHAIN)?.declared === true
}

/** From the rules of ours that are there to those of the plan, or to none; what others have there stays. A table is one transaction. */
export function changeScript(saved: Saved | undefined, version: IpVersion, plan: Plan | undefined): string {
  return TABLE_NAMES.map((name) => block(name, changeLines(tableOf(saved, name), version, name, plan))).join('')
}

function changeLines(before: Table | undefined, version: IpVersion, name: TableName, plan: Plan | undefined): string[] {
  const added = plan === undefined ? [] : additionLines(plan, version, name)
  if (before === undefined || !hasOwnRules(before)) return added
  const wanted = new Set(plan === undefined ? [] : chainsOf(rulesOf(plan, version, name)))
  const chains = [...before.chains.values()]
  const stale = chains.filter((chain) => chain.declared && isOwnChain(chain.name) && !wanted.has(chain.name)).map((chain) => chain.name)
  const removed = chains.flatMap((chain) => chain.rules).filter(isOwnBaseRule).map((rule) => rule.text.replace(/^-A/, '-D'))
  const isDeclaration = (line: string): boolean => line.startsWith(':')
  return [
    ...stale.map((chain) => `:${chain} - [0:0]`), ...added.filter(isDeclaration), ...removed,
    ...added.filter((line) => !isDeclaration(line)), ...stale.map((chain) => `-X ${chain}`),
  ]
}

/**
 * The whole of what was there: each table is emptied first. The filter table, with the default deny in it, comes last.
 * `also`: tables that were not there, and become empty.
 */
export function rollbackScript(saved: Saved | undefined, also: readonly TableName[]): string {
  const blocks = new Map((saved?.text ?? '').split(/^(?=\*)/m).filter((text) => text.startsWith('*')).map((text) => {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return [lines[0]!.slice(1), `${lines.join('\n')}\n`]
  }))
  for (const name of also) if (!blocks.has(name)) blocks.set(name, `*${name}\nCOMMIT\n`)
  const names = [...blocks.keys()].filter((name) => name !== 'filter')
  return [...names, ...blocks.has('filter') ? ['filter'] : []].map((name) => blocks.get(name)!).join('')
}
