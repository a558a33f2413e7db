import { listAddresses } from '../../sys/interfaces.ts'
import { listPolicyRules } from '../../sys/policy-rules.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import { isObject } from '../netfilter/json-value.ts'
import type { JsonObject } from '../netfilter/json-value.ts'
import { ROUTE_PRIORITY } from '../plan/plan-rules.ts'
import type { Plan, PlannedAddress, PlannedRoute } from '../plan/plan.ts'
import { insideNamespace, mustRunInside, runInside } from './in-namespace.ts'

/** An `ip rule` of ours that is there. */
interface FoundRule { readonly version: IpVersion, readonly mark: number, readonly table: string, readonly hasRoute: boolean }

export interface RouteState { readonly rules: readonly FoundRule[], readonly loopback: readonly string[] }

function family(version: IpVersion): string {
  return version === 4 ? '-4' : '-6'
}

function listOf(text: string): JsonObject[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter(isObject) : []
  } catch {
    return []
  }
}

/** Ours are known by their priority. */
export async function readRoutes(netns: string, versions: readonly IpVersion[]): Promise<RouteState> {
  const { rules, loopback } = insideNamespace(netns, () => ({ rules: versions.flatMap(listPolicyRules), loopback: listAddresses().map(({ ip }) => ip) }))
  const own = rules.filter(({ priority }) => priority === ROUTE_PRIORITY)
  const found = await Promise.all(own.map(async ({ version, mark, table }): Promise<FoundRule> => {
    const { stdout } = await runInside(netns, 'ip', ['-j', family(version), 'route', 'show', 'table', String(table)])
    const hasRoute = listOf(stdout).some((route) => route.type === 'local' && route.dst === 'default' && route.dev === 'lo')
    return { version, mark, table: String(table), hasRoute }
  }))
  return { rules: found, loopback }
}

function isThere({ rules }: RouteState, { version, mark, table }: PlannedRoute): boolean {
  return rules.some((rule) => rule.version === version && rule.mark === mark && rule.table === String(table) && rule.hasRoute)
}

/** What is missing or too much, a sentence each. */
export function compareRoutes(plan: Plan, state: RouteState): string[] {
  const missing = plan.routes.filter((route) => !isThere(state, route)).map(ruleText)
  const surplus = state.rules.filter((rule) => !plan.routes.some((route) => route.version === rule.version && route.mark === rule.mark && String(route.table) === rule.table))
  const addresses = plan.addresses.filter(({ address }) => !state.loopback.includes(address)).map(({ address, length }) => `address ${address}/${length} of lo is missing`)
  return [...missing.map((text) => `${text} is missing`), ...surplus.map((rule) => `${ruleText({ ...rule, table: rule.table })} is there, and not planned`), ...addresses]
}

function ruleText({ version, mark, table }: { version: IpVersion, mark: number, table: number | string }): string {
  return `ip ${family(version)} rule fwmark ${mark} lookup ${table} priority ${ROUTE_PRIORITY}`
}

/** Adds what is missing, and takes away what an earlier plan left. Twice is the same as once. */
export async function applyRoutes(netns: string, plan: Plan, before: RouteState): Promise<void> {
  for (const rule of before.rules) if (!plan.routes.some((route) => isSame(route, rule))) await removeRule(netns, rule)
  for (const route of plan.routes) if (!isThere(before, route)) await addRule(netns, route, before)
  for (const address of plan.addresses) if (!before.loopback.includes(address.address)) await addAddress(netns, address)
}

function isSame(route: PlannedRoute, rule: FoundRule): boolean {
  return route.version === rule.version && route.mark === rule.mark && String(route.table) === rule.table
}

/** The rule comes first: by it a change that was cut off is known again. */
async function addRule(netns: string, route: PlannedRoute, before: RouteState): Promise<void> {
  if (!before.rules.some((rule) => isSame(route, rule))) {
    await mustRunInside(netns, 'ip', [family(route.version), 'rule', 'add', 'fwmark', String(route.mark), 'lookup', String(route.table), 'priority', String(route.priority)])
  }
  await mustRunInside(netns, 'ip', [family(route.version), 'route', 'replace', 'local', 'default', 'dev', 'lo', 'table', String(route.table)])
}

async function addAddress(netns: string, { version, address, length }: PlannedAddress): Promise<void> {
  await mustRunInside(netns, 'ip', [family(version), 'addr', 'add', `${address}/${length}`, 'dev', 'lo'])
}

async function removeRule(netns: string, rule: FoundRule): Promise<void> {
  await mustRunInside(netns, 'ip', [family(rule.version), 'rule', 'del', 'priority', String(ROUTE_PRIORITY)])
  if (rule.hasRoute) await mustRunInside(netns, 'ip', [family(rule.version), 'route', 'del', 'local', 'default', 'dev', 'lo', 'table', rule.table])
}

/** What `before` does not have is taken away again. */
export async function revertRoutes(netns: string, plan: Plan, before: RouteState): Promise<void> {
  const now = await readRoutes(netns, [...new Set(plan.routes.map(({ version }) => version))])
  for (const rule of now.rules) if (!before.rules.some((one) => one.version === rule.version && one.table === rule.table)) await removeRule(netns, rule)
  for (const address of plan.addresses) if (now.loopback.includes(address.address) && !before.loopback.includes(address.address)) await removeAddress(netns, address)
}

async function removeAddress(netns: string, { version, address, length }: PlannedAddress): Promise<void> {
  await mustRunInside(netns, 'ip', [family(version), 'addr', 'del', `${address}/${length}`, 'dev', 'lo'])
}

/** All of ours, whatever plan it was; `::6` only where Istio's rules were. True where there was something. */
export async function cleanRoutes(netns: string, state: RouteState, wasIstio: boolean): Promise<boolean> {
  for (const rule of state.rules) await removeRule(netns, rule)
  const hasAddress = wasIstio && state.loopback.includes('::6')
  if (hasAddress) await removeAddress(netns, { version: 6, address: '::6', length: 128 })
  return state.rules.length > 0 || hasAddress
}
