import { readFileSync } from 'node:fs'
import { findProgram } from '../../sys/exec.ts'
import { tablesOrThrow } from '../explain/read-rules.ts'
import { parseIptablesSave } from '../netfilter/iptables-save.ts'
import { parseNftJson } from '../netfilter/nft-json.ts'
import type { IpVersion, Table } from '../netfilter/ruleset.ts'
import { insideNamespace, mustRunInside } from './in-namespace.ts'
import { findXtables } from './xtables-program.ts'
import type { XtablesBackend } from './xtables-program.ts'

/** What iptables-save of one backend and family says. */
export interface Saved { readonly backend: XtablesBackend, readonly version: IpVersion, readonly text: string, readonly tables: readonly Table[] }

export interface NamespaceState {
  readonly saved: readonly Saved[]
  /** Tables that only nft shows. */
  readonly native: readonly Table[]
  /** The kernel has IPv6 here. */
  readonly hasIpv6: boolean
}

/** All rules of the namespace, as each program shows them. Programs that are not installed show nothing. */
export async function readState(netns: string): Promise<NamespaceState> {
  const { legacy, hasIpv6 } = readKernel(netns)
  const listed = await readNative(netns)
  // iptables-nft has tables only where nft shows some, so that it is often not asked at all.
  const versions = ([4, 6] as const).filter((version) => listed === undefined || listed.some(({ family }) => family === (version === 4 ? 'ip' : 'ip6')))
  const wanted = [...versions.map((version) => ['iptables-nft', version] as const), ...legacy.map((version) => ['iptables-legacy', version] as const)]
  const saved = (await Promise.all(wanted.map(([backend, version]) => readSaved(netns, backend, version)))).filter((one) => one !== undefined)
  const shown = new Set(saved.filter(({ backend }) => backend === 'iptables-nft').flatMap(({ tables }) => tables.map(({ family, name }) => `${family} ${name}`)))
  return { saved, native: (listed ?? []).filter(({ family, name }) => !shown.has(`${family} ${name}`)), hasIpv6 }
}

export async function readSaved(netns: string, backend: XtablesBackend, version: IpVersion): Promise<Saved | undefined> {
  const program = await findXtables(backend, version, 'save')
  if (program === undefined) return undefined
  const text = await mustRunInside(netns, program, [])
  return { backend, version, text, tables: tablesOrThrow(parseIptablesSave(text, { version, backend }), program) }
}

/** What nft shows, tables of iptables-nft among it; undefined where it is not installed. */
export async function readNative(netns: string): Promise<Table[] | undefined> {
  if (findProgram('nft') === undefined) return undefined
  const text = await mustRunInside(netns, 'nft', ['-j', 'list', 'ruleset'])
  return text.trim() === '' ? [] : tablesOrThrow(parseNftJson(text), 'nft')
}

/** Asked of the kernel: iptables-legacy-save would load its modules. */
function readKernel(netns: string): { legacy: IpVersion[], hasIpv6: boolean } {
  return insideNamespace(netns, () => ({
    legacy: ([4, 6] as const).filter((version) => read(`/proc/thread-self/net/${version === 4 ? 'ip' : 'ip6'}_tables_names`).trim() !== ''),
    hasIpv6: read('/proc/thread-self/net/if_inet6') !== '',
  }))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
