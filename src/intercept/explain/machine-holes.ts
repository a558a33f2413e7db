import { hex } from '../netfilter/match-reason.ts'
import type { Chain, Rule, Table } from '../netfilter/ruleset.ts'
import type { Hole } from './hole.ts'
import { named } from './identity-holes.ts'
import { isMeshChain, isMeshTable } from './mesh-profile.ts'
import type { Probe } from './probe.ts'
import type { LiveProcess } from './subject.ts'

/** Point 10: what rules cannot hold against. */
export function privilegeHoles(probe: Probe): Hole[] {
  const { live } = probe.subject
  if (live === undefined) return []
  const holes: Hole[] = []
  const apps = live.processes.filter((process) => !process.isProxy)
  const having = (capability: string): LiveProcess[] => apps.filter((process) => process.capabilities.includes(capability))
  const say = (processes: readonly LiveProcess[], severity: 'high' | 'medium', capability: string, may: string, fix: string): void => {
    const [has, who] = processes.length === 1 ? ['has', 'it'] : ['have', 'they']
    if (processes.length > 0) holes.push(probe.hole('privileged-app', severity, `${named(processes)} ${has} ${capability}: ${who} may ${may}`, fix))
  }
  say(having('NET_ADMIN'), 'high', 'CAP_NET_ADMIN', 'take the rules away, or mark packets', 'drop NET_ADMIN from the app')
  say(having('NET_RAW').filter((process) => !process.capabilities.includes('NET_ADMIN')), 'medium', 'CAP_NET_RAW', 'send packets that no rule sees (AF_PACKET)', 'drop NET_RAW from the app')
  say(having('SETUID').filter((process) => !process.capabilities.includes('NET_ADMIN')), 'medium', 'CAP_SETUID', "take the proxy's uid", 'drop SETUID and SETGID from the app, and run it as another user than root')
  const pods = new Set(live.processes.flatMap(({ pod }) => pod ?? []))
  if (pods.size > 1 && !live.isHost) holes.push(probe.hole('shared-namespace', 'medium', `processes of ${pods.size} pods are in the namespace (${[...pods].slice(0, 4).join(', ')}${pods.size > 4 ? ', …' : ''}): these rules are those of all of them`, 'give each pod a network namespace of its own'))
  if (live.isHost) holes.push(probe.hole('host-network', 'high', 'the namespace is that of the host: every process of the machine shares these rules', 'run the pod without hostNetwork'))
  return holes
}

/** Points 3 and 11: what is there twice, or left over. */
export function hygieneHoles(probe: Probe): { holes: Hole[], notes: string[] } {
  const { tables } = probe.subject.netfilter
  const holes = [...duplicates(probe, tables), ...backends(probe, tables), ...policies(probe, tables)]
  const empty = tables.flatMap((table) => [...table.chains.values()]).filter((chain) => isMeshChain(chain) && chain.base === undefined && chain.rules.length === 0 && chain.declared)
  const notes = empty.length === 0 ? [] : [`chains of a mesh are empty: ${empty.map((chain) => chain.name).join(', ')}`]
  return { holes, notes: [...notes, ...foreignFirst(tables)] }
}

function jumpTo(rule: Rule): Chain | undefined {
  const action = rule.actions.at(-1)
  return action?.kind === 'jump' || action?.kind === 'goto' ? action.chain : undefined
}

function isMeshJump(rule: Rule): boolean {
  const target = jumpTo(rule)
  return target !== undefined && isMeshChain(target)
}

function duplicates(probe: Probe, tables: readonly Table[]): Hole[] {
  const holes: Hole[] = []
  for (const chain of baseChains(tables)) {
    const seen = new Set<string>()
    for (const rule of chain.rules) {
      const target = jumpTo(rule)
      if (target === undefined || !isMeshChain(target)) continue
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
    if (isMeshTable(chain.table)) continue
    const jump = chain.rules.findIndex((rule) => isMeshJump(rule))
    for (const rule of chain.rules.slice(0, Math.max(jump, 0))) notes.push(`a rule stands before the jump to the mesh in ${chain.name} of table ${chain.table.name} (line ${rule.line}: ${rule.text})`)
  }
  return notes.slice(0, 20)
}

function backends(probe: Probe, tables: readonly Table[]): Hole[] {
  const used = tables.filter((table) => [...table.chains.values()].some((chain) => chain.rules.length > 0))
  const has = (test: (table: Table) => boolean): boolean => used.some(test)
  const holes: Hole[] = []
  if (has(({ backend }) => backend === 'iptables-legacy') && has(({ backend }) => backend === 'iptables-nft' || backend === 'nft')) {
    holes.push(probe.hole('mixed-backends', 'medium', 'rules are in iptables-legacy and in nf_tables at once: which come first depends on which were made last', 'keep one: iptables-legacy-save shows the one, nft list ruleset the other'))
  }
  const twice = [...new Set(used.filter((table) => table.backend !== 'nft' && [...table.chains.values()].some((chain) => chain.base === undefined && isMeshChain(chain))).map(({ name }) => name))]
  const native = used.filter((table) => isMeshTable(table)).map(({ family, name }) => `${family} ${name}`)
  if (twice.length > 0 && native.length > 0) {
    holes.push(probe.hole('mixed-backends', 'medium', `a mesh has rules of iptables (${twice.join(', ')}) and tables of nft (${native.join(', ')}) at once: a connection meets both`, 'remove what an earlier mode has left: nft delete table, or the chains of iptables'))
  }
  return holes
}

function policies(probe: Probe, tables: readonly Table[]): Hole[] {
  if (probe.subject.world.policies.every((policy) => policy.mask === 0)) return []
  const marks = marksThatAreSet(tables)
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

function marksThatAreSet(tables: readonly Table[]): Set<number> {
  const marks = new Set<number>()
  for (const table of tables) {
    for (const chain of table.chains.values()) {
      for (const { actions } of chain.rules) {
        for (const action of actions) {
          if (action.kind === 'set-mark') marks.add(action.change.flip)
          else if (action.kind === 'tproxy' && action.mark !== undefined) marks.add(action.mark.flip)
        }
      }
    }
  }
  return marks
}
