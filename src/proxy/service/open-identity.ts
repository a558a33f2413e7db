import type { IdentityEvents, IdentitySource } from '../../identity/identity-source.ts'
import { formatHostPort } from '../config/addresses.ts'
import type { IdentityPlan } from '../sidecar-plan.ts'

/** Loads only the source that is asked for: what issues certificates takes a tenth of a second to load. */
export async function openIdentity(plan: IdentityPlan, events: IdentityEvents): Promise<IdentitySource> {
  if (plan.kind === 'files') return (await import('../../identity/identity-files.ts')).openIdentityFiles(plan, events)
  if (plan.kind === 'workload-api') return (await import('../../identity/workload-api.ts')).openWorkloadApi(plan.socket, events)
  const { openCaIdentity } = await import('../../identity/ca-identity.ts')
  return openCaIdentity({ address: formatHostPort(plan.address), bundleFile: plan.bundle, tokenFile: plan.token, ...plan.spiffeId === undefined ? {} : { spiffeId: plan.spiffeId } }, events)
}
