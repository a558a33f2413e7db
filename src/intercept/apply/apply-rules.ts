import { MtlscopeError } from '../../base/errors.ts'
import { nftText } from '../plan/nft-text.ts'
import type { Plan } from '../plan/plan.ts'
import { chooseBackend } from './backend.ts'
import { compareRules } from './difference.ts'
import type { Difference, InterceptBackend } from './difference.ts'
import { mustRunInside } from './in-namespace.ts'
import { readNative, readState } from './namespace-state.ts'
import type { NamespaceState } from './namespace-state.ts'
import { isOwnNftTable } from './ownership.ts'
import { applyRoutes, compareRoutes, readRoutes, revertRoutes } from './policy-routes.ts'
import type { RouteState } from './policy-routes.ts'
import { refuseOtherMesh, refuseUnsafe } from './refusal.ts'
import type { NamespaceProcess } from './refusal.ts'
import { rulesFailed, tryTo } from './rules-failed.ts'
import { XtablesChange } from './xtables-change.ts'

/** Where rules are set, and what is known of it. */
export interface Place {
  /** Path of the network namespace: `/run/netns/NAME`, `/proc/PID/ns/net`. */
  readonly netns: string
  /** Default: what the namespace uses already. */
  readonly backend?: InterceptBackend
  /** Goes on where it would be refused. */
  readonly force?: boolean
  /** What runs there: apps under the proxy's user are refused. */
  readonly processes?: readonly NamespaceProcess[]
}

export interface Applied { readonly backend: InterceptBackend, /** False where the rules were there already. */ readonly changed: boolean }

/**
 * Makes the rules of the namespace those of the plan; what others have there stays. While they change, nothing but loopback passes. Throws
 * 'rules-refused' (nothing was changed), 'rules-failed' (the rules from before are back, or, as the message says, a default deny stays),
 * 'missing-program', 'not-permitted', 'no-such-namespace'.
 */
export async function applyRules(plan: Plan, place: Place): Promise<Applied> {
  const { netns, force = false } = place
  refuseUnsafe(plan, netns, place.processes ?? [], force)
  const [state, routes] = await Promise.all([readState(netns), readRoutes(netns, [4, 6])])
  const backend = await chooseBackend(plan, state, place.backend, force)
  if (!force) refuseOtherMesh(plan, state)
  const isDone = compareRules(plan, state, backend).length === 0 && compareRoutes(plan, routes).length === 0
  if (isDone) return { backend, changed: false }
  if (backend === 'nft') await applyNative(plan, netns, state, routes)
  else await new XtablesChange(plan, netns, backend, state, routes).apply()
  return { backend, changed: true }
}

/** What differs from the plan: nothing, where the rules are in place. */
export async function verifyRules(plan: Plan, place: Place): Promise<{ backend: InterceptBackend, differences: Difference[] }> {
  const [state, routes] = await Promise.all([readState(place.netns), readRoutes(place.netns, [4, 6])])
  const backend = await chooseBackend(plan, state, place.backend, true)
  return { backend, differences: [...compareRules(plan, state, backend), ...compareRoutes(plan, routes)] }
}

/** One transaction for both families: either all of it is there or none. */
async function applyNative(plan: Plan, netns: string, state: NamespaceState, routes: RouteState): Promise<void> {
  const removed = state.native.filter(isOwnNftTable).map(({ family, name }) => `delete table ${family} ${name}\n`).join('')
  try {
    await applyRoutes(netns, plan, routes)
    await mustRunInside(netns, 'nft', ['-f', '-'], removed + nftText(plan))
  } catch (cause) {
    await tryTo(() => revertRoutes(netns, plan, routes))
    throw rulesFailed(cause)
  }
  const differences = compareRules(plan, { ...state, native: await readNative(netns) ?? [] }, 'nft')
  if (differences.length > 0) throw new MtlscopeError('rules-failed', `the rules were set, and are not what was asked for: ${differences[0]!}`, { hint: 'another program changes them, or nft is older than 1.0.1' })
}
