import { MtlscopeError } from '../../base/errors.ts'
import { findProgram } from '../../sys/exec.ts'
import { countRules } from '../netfilter/ruleset.ts'
import type { Plan } from '../plan/plan.ts'
import type { InterceptBackend } from './difference.ts'
import type { NamespaceState } from './namespace-state.ts'
import { hasOwnRules } from './ownership.ts'
import { findXtables } from './xtables-program.ts'

/** Who has rules in the namespace: rules of two at once are a fault, as it depends on their age which of them come first. */
function usedBackends({ saved, native }: NamespaceState): InterceptBackend[] {
  const used = new Set<InterceptBackend>(saved.filter(({ tables }) => countRules(tables) > 0).map(({ backend }) => backend))
  if (countRules(native) > 0) used.add('nft')
  return [...used]
}

/** Where rules of a mesh are already, be they of this plan or of another. */
function ownBackends({ saved, native }: NamespaceState): InterceptBackend[] {
  const own = new Set<InterceptBackend>(saved.filter(({ tables }) => tables.some(hasOwnRules)).map(({ backend }) => backend))
  if (native.some(hasOwnRules)) own.add('nft')
  return [...own]
}

/** The one that is used already; in an empty namespace nft for our own rules, and for those of a mesh what that mesh uses. Throws 'rules-refused', 'missing-program'. */
export async function chooseBackend(plan: Plan, state: NamespaceState, wanted: InterceptBackend | undefined, force = false): Promise<InterceptBackend> {
  const used = usedBackends(state)
  const [own] = ownBackends(state)
  const isMixed = (backends: readonly InterceptBackend[]): boolean => backends.includes('iptables-legacy') && backends.some((one) => one !== 'iptables-legacy')
  if (!force && isMixed(used)) throw mixed('the namespace has rules in iptables-legacy and in nf_tables at once', 'keep one of them (iptables-legacy-save and nft list ruleset show both), or --force')
  if (wanted !== undefined) {
    if (!force && isMixed([...used, wanted])) throw mixed(`the namespace has rules in ${used.join(' and ')}, and --backend is ${wanted}`, 'leave --backend away, or --force')
    if (own !== undefined && own !== wanted) throw mixed(`rules of a mesh are there already, in ${own}`, 'take them away first: mtlscope init --clean')
    return wanted
  }
  const inUse = (['iptables-legacy', 'iptables-nft', 'nft'] as const).find((backend) => used.includes(backend))
  return own ?? inUse ?? await firstInstalled(plan)
}

function mixed(message: string, hint: string): MtlscopeError {
  return new MtlscopeError('rules-refused', message, { hint })
}

async function firstInstalled({ preset }: Plan): Promise<InterceptBackend> {
  const order: InterceptBackend[] = preset === 'mtlscope' ? ['nft', 'iptables-nft', 'iptables-legacy'] : ['iptables-nft', 'iptables-legacy', 'nft']
  for (const backend of order) {
    const program = backend === 'nft' ? findProgram('nft') : await findXtables(backend, 4, 'restore')
    if (program !== undefined) return backend
  }
  throw new MtlscopeError('missing-program', 'neither nft nor iptables is installed', { hint: 'apt-get install nftables' })
}
