import { versionsOf } from './ruleset.ts'
import type { Base, Chain, Hook, IpVersion, Table } from './ruleset.ts'

export type BaseChain = Chain & { readonly base: Base }

/** nat chains are asked by one hook of the kernel's own at these priorities, whatever theirs are (linux/netfilter_ipv4.h). */
const NAT_PRIORITY: Record<Hook, number> = { prerouting: -100, output: -100, input: 100, postrouting: 100, forward: 0 }

/** Chains that share a place in the order: mostly one. */
export interface HookStep { readonly priority: number, readonly isNat: boolean, readonly chains: readonly BaseChain[] }

/** The rules of one namespace, by family and hook, in the order in which they see a packet. */
export class Netfilter {
  readonly tables: readonly Table[]
  readonly #steps: Record<IpVersion, Record<Hook, HookStep[]>>
  readonly #nat = new Set<IpVersion>()

  constructor(tables: readonly Table[]) {
    this.tables = tables
    this.#steps = { 4: this.#plan(4), 6: this.#plan(6) }
  }

  #plan(version: IpVersion): Record<Hook, HookStep[]> {
    const chains = baseChains(this.tables, version)
    if (chains.some((chain) => chain.base.type === 'nat')) this.#nat.add(version)
    const at = (hook: Hook): HookStep[] => stepsOf(chains.filter((chain) => chain.base.hook === hook && concerns(chain, version)), hook)
    return { prerouting: at('prerouting'), input: at('input'), forward: at('forward'), output: at('output'), postrouting: at('postrouting') }
  }

  steps(version: IpVersion, hook: Hook): readonly HookStep[] {
    return this.#steps[version][hook]
  }

  /** Whether any chain makes the kernel keep NAT for that family: then all four of its hooks are there. */
  hasNat(version: IpVersion): boolean {
    return this.#nat.has(version)
  }
}

function baseChains(tables: readonly Table[], version: IpVersion): BaseChain[] {
  const chains: BaseChain[] = []
  for (const table of tables) {
    if (!versionsOf(table).includes(version)) continue
    for (const chain of table.chains.values()) if (isBase(chain)) chains.push(chain)
  }
  return chains
}

function isBase(chain: Chain): chain is BaseChain {
  return chain.base !== undefined
}

/** A chain of `inet` whose rules all ask for the other family is not there for this one. */
function concerns({ rules, base }: BaseChain, version: IpVersion): boolean {
  return base.policy === 'drop' || rules.some(({ matches }) => !matches.some((match) => match.kind === 'version' && (match.version === version) === match.not))
}

function stepsOf(chains: readonly BaseChain[], hook: Hook): HookStep[] {
  const sorted = chains.map((chain) => ({ chain, isNat: chain.base.type === 'nat', place: chain.base.type === 'nat' ? NAT_PRIORITY[hook] : chain.base.priority }))
  sorted.sort((a, b) => a.place - b.place || a.chain.base.priority - b.chain.base.priority)
  const steps: { priority: number, isNat: boolean, chains: BaseChain[] }[] = []
  for (const { chain, isNat, place } of sorted) {
    const last = steps.at(-1)
    if (last !== undefined && last.priority === chain.base.priority && last.isNat === isNat && (isNat || last.priority === place)) last.chains.push(chain)
    else steps.push({ priority: isNat ? chain.base.priority : place, isNat, chains: [chain] })
  }
  return steps
}
