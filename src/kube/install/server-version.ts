import { MtlscopeError } from '../../base/errors.ts'
import { fields } from '../fields.ts'
import type { Part } from './install-options.ts'

/** Server-side apply and everything that is applied are there since. */
const OLDEST_MINOR = 22
/** Containers of a pod that are up before its app: by a feature gate in 1.28. */
const SIDECARS_MINOR = 29

/** Pure. `answer`: of GET /version. Returns what does not work on a server that is old; throws 'not-supported' where nothing would. */
export function checkServerVersion(answer: unknown, parts: readonly Part[]): string | undefined {
  const { major, minor, gitVersion } = fields(answer)
  // Some say 1.27+.
  const [one, two] = [major, minor].map((part) => Number.parseInt(String(part), 10))
  if (one !== 1 || Number.isNaN(two)) return undefined
  if (two! < OLDEST_MINOR) throw new MtlscopeError('not-supported', `the API server is Kubernetes ${String(gitVersion ?? `1.${two}`)}; mtlscope needs 1.${OLDEST_MINOR}, and for injection 1.${SIDECARS_MINOR}`, { hint: 'tap and check work on the nodes themselves: mtlscope tap --mesh', facts: { minor: two } })
  return two! < SIDECARS_MINOR && parts.includes('injector') ? `Kubernetes ${String(gitVersion ?? `1.${two}`)} has no sidecar containers (1.${SIDECARS_MINOR}, or 1.28 with the feature gate SidecarContainers): injected pods do not start` : undefined
}
