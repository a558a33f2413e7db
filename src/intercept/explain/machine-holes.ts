import { hex } from '../netfilter/match-reason.ts'
import type { Chain, Rule, Table } from '../netfilter/ruleset.ts'
import type { Hole } from './hole.ts'
import { named } from './identity-holes.ts'
import { isMeshChain } from './mesh-profile.ts'
import type { Probe } from './probe.ts'
import type { LiveProcess } from './subject.ts'

/** Point 10: what rules cannot hold against. */
export function privilegeHoles(probe: Probe): Hole[] {
  const { live } = probe.subject
  if (live === undefined) return []
  const holes: Hole[] = []
  const apps = live.processes.filter((process) => !process.isProxy)
  const having = (capability: string): LiveProcess[] => apps.filter((process) => process.capabilities.includes(capability))
  const say = (processes: readonly LiveProcess[], severity: 'high' | 'medium', may: string, fix: string): void => {
    if (processes.length > 0) holes.push(probe.hole('privileged-app', severity, `${named(processes)} ${may}`, fix))
  }
  say(having('NET_ADMIN'), 'high', 'have CAP_NET_ADMIN: they may take the rules away, or mark their packets', 'drop NET_ADMIN from the app')
  say(having('NET_RAW').filter((process) => !process.capabilities.includes('NET_ADMIN')), 'medium', 'have CAP_NET_RAW: they may send packets that no rule sees (AF_PACKET)', 'drop NET_RAW from the app')
  say(having('SETUID').filter((process) => !process.capabilities.includes('NET_ADMIN')), 'medium', "have CAP_SETUID: they may take the proxy's uid", 'drop SETUID and SETGID from the app, and run it as another user than root')
  if (live.isHost) holes.push(probe.hole('host-network', 'high', 'the namespace is that of the host: every process of the machine shares these rules', 'run the pod without hostNetwork'))
  return holes
}

/** Points 3 and 11: what is there twice, or left over. */
export function hygieneHoles(probe: Probe): { holes: Hole[], notes: string[] } {
  const { tables } = probe.subject.netfilter
  const holes = [...duplicates(probe, tables), ...backends(probe, tables), ...policies(probe, tables)]
  const empty = tables.flatMap((table) => [...table.chains.values()]).filter((chain) => isMeshChain(chain.name) && chain.rules.length === 0 && chain.declared)
  const notes = empty.length === 0 ? [] : [`chains of a mesh are empty: ${empty.map((chain) => chain.name).join(', ')}`]
  return { holes, notes: [...notes, ...foreignFirst(tables)] }
}

function jumpTo(rule: Rule): Chain | undefined {
  const action = rule.actions.at(-1)
  return action?.kind === 'jump' || action?.kind === 'goto' ? action.chain : undefined
}

function duplicates(probe: Probe, tables: readonly Table[]): Hole[] {
  const holes: Hole[] = []
  for (const chain of baseChains(tables)) {
    const seen = new Set<string>()
    for (const rule of chain.rules) {
      const target = jumpTo(rule)
      if (target === undefined || !isMeshChain(target.name)) continue
      if (seen.has(rule.text)) holes.push({ ...probe.hole('duplicate-jump', 'low', `${chain.name} of table ${chain.table.name} jumps to ${target.name} more than once: the rules were applied twice`, 'remove one of them; mtlscope init --verify names both'), line: rule.line, rule: rule.text })
      seen.add(rule.text)
    }
  }
  return holes
}

function baseChains(tables: readonly Table[]): Chain[] {
  return tables.flatMap((table) => [...table.chains.values()]).filter((chain) => chain.base !== undefined)
}

/** Rules of others that a packet meets before those of the mesh. */
function foreignFirst(tables: readonly Table[]): string[] {
  const notes: string[] = []
  for (const chain of baseChains(tables)) {
    const jump = chain.rules.findIndex((rule) => isMeshChain(jumpTo(rule)?.name ?? ''))
    for (const rule of chain.rules.slice(0, Math.max(jump, 0))) notes.push(`a rule stands before the jump to the mesh in ${chain.name} of table ${chain.table.name} (line ${rule.line}: ${rule.text})`)
  }
  return notes.slice(0, 20)
}

function backends(probe: Probe, tables: readonly Table[]): Hole[] {
  const used = (test: (table: Table) => boolean): boolean => tables.some((table) => test(table) && [...table.chains.values()].some((chain) => chain.rules.length > 0))
  if (!used((table) => table.backend === 'iptables-legacy') || !used((table) => table.backend === 'iptables-nft' || table.backend === 'nft')) return []
  return [probe.hole('mixed-backends', 'medium', 'rules are in iptables-legacy and in nf_tables at once: which come first depends on which were made last', 'keep one: iptables-legacy-save shows the one, nft list ruleset the other')]
}

function policies(probe: Probe, tables: readonly Table[]): Hole[] {
  const marks = new Set(tables.flatMap((table) => [...table.chains.values()]).flatMap((chain) => chain.rules).flatMap((rule) => rule.actions).flatMap((action) => {
    if (action.kind === 'set-mark') return [action.change.flip]
    return action.kind === 'tproxy' && action.mark !== undefined ? [action.mark.flip] : []
  }))
  const holes: Hole[] = []
  const seen = new Set<string>()
  for (const policy of probe.subject.world.policies) {
    if (policy.mask === 0) continue
    const text = `${policy.version} ${policy.mark}/${policy.mask} ${policy.table}`
    const title = `ip${policy.version === 6 ? ' -6' : ''} rule fwmark ${hex(policy.mark)} lookup ${policy.table}`
    if (seen.has(text)) holes.push(probe.hole('leftover-rule', 'low', `${title} is there more than once`, `remove one: ip rule del fwmark ${hex(policy.mark)} lookup ${policy.table}`))
    else if (!marks.has(policy.mark) && policy.other === undefined) holes.push(probe.hole('leftover-rule', 'low', `${title} is there, and no rule sets that mark`, `remove it: ip rule del fwmark ${hex(policy.mark)} lookup ${policy.table}`))
    seen.add(text)
  }
  return holes
}
