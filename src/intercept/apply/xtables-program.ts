import { findProgram, run } from '../../sys/exec.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'

export type XtablesBackend = 'iptables-nft' | 'iptables-legacy'

const TIMEOUT_MS = 5000

/** The path of `iptables-nft-save` and the like; undefined where it is not installed. The plain name counts where it is of that backend. */
export async function findXtables(backend: XtablesBackend, version: IpVersion, what: 'save' | 'restore'): Promise<string | undefined> {
  const family = version === 4 ? 'iptables' : 'ip6tables'
  const exact = findProgram(`${family}-${backend === 'iptables-nft' ? 'nft' : 'legacy'}-${what}`)
  if (exact !== undefined) return exact
  const plain = findProgram(`${family}-${what}`)
  if (plain === undefined) return undefined
  const { stdout } = await run(plain, ['--version'], { timeoutMs: TIMEOUT_MS })
  return stdout.includes('nf_tables') === (backend === 'iptables-nft') ? plain : undefined
}
