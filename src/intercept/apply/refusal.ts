import { MtlscopeError } from '../../base/errors.ts'
import type { Plan } from '../plan/plan.ts'
import { isHostNamespace } from './host-namespace.ts'
import type { NamespaceState } from './namespace-state.ts'
import { presetOfChain } from './ownership.ts'

/** A process in the namespace. Ids are those of the file system: what its sockets belong to. */
export interface NamespaceProcess { readonly pid: number, readonly program: string, readonly uid: number, readonly gid: number, readonly isProxy: boolean }

const MAX_NAMED = 5

/** Throws 'rules-refused' where the rules would hold nothing, or more than was meant. */
export function refuseUnsafe(plan: Plan, netns: string, processes: readonly NamespaceProcess[], force: boolean): void {
  refuseHost(netns, force)
  refuseApps(plan, processes, force)
}

/** Throws 'rules-refused' where it is the namespace of the machine. */
export function refuseHost(netns: string, force: boolean): void {
  if (!force && isHostNamespace(netns)) {
    throw new MtlscopeError('rules-refused', 'this is the host\'s own network namespace: every process of the machine would be intercepted', { hint: 'name another one with --netns or --pid, or --force' })
  }
}

function refuseApps(plan: Plan, processes: readonly NamespaceProcess[], force: boolean): void {
  const { uids, gids } = plan.proxy
  const apps = processes.filter((process) => !process.isProxy && (uids.includes(process.uid) || gids.includes(process.gid)))
  if (apps.length === 0 || force) return
  const [first] = apps
  const who = uids.includes(first!.uid) ? `uid ${first!.uid}` : `gid ${first!.gid}`
  const named = apps.slice(0, MAX_NAMED).map(({ program, pid }) => `${program} (pid ${pid})`).join(', ')
  throw new MtlscopeError('rules-refused', `${named} run${apps.length === 1 ? 's' : ''} under ${who}, which is the proxy's: nothing of it would be intercepted`, {
    hint: 'run the app or the proxy under another user (-u), or --force', facts: { pid: first!.pid },
  })
}

/** Throws 'rules-refused' where another mesh has its rules there. */
export function refuseOtherMesh(plan: Plan, state: NamespaceState): void {
  const tables = [...state.saved.flatMap((saved) => saved.tables), ...state.native]
  const istioTable = plan.preset === 'istio' ? undefined : tables.find(({ name }) => name.startsWith('istio-proxy-'))
  const names = tables.flatMap((table) => [...table.chains.values()].filter((chain) => chain.declared).map((chain) => chain.name))
  const other = istioTable !== undefined ? 'istio' : names.map(presetOfChain).find((preset) => preset !== undefined && preset !== plan.preset)
  if (other === undefined) return
  throw new MtlscopeError('rules-refused', `rules of ${other} are there already`, { hint: 'take them away first: mtlscope init --clean; or replace them: --force' })
}
