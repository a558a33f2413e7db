import { MtlscopeError } from '../base/errors.ts'
import type { InterceptBackend } from '../intercept/apply/difference.ts'
import { insideNamespace } from '../intercept/apply/in-namespace.ts'
import { listAddresses } from '../sys/interfaces.ts'
import type { InitFlags } from './init.ts'

export interface NamedPlace { readonly path: string, /** For people. */ readonly name: string }

/** The namespace that the flags name, or the one that this process is in. Throws 'usage'. */
export function namedPlace(flags: InitFlags): NamedPlace {
  const { netns, pid, networkNamespace, procfs } = flags
  if ([netns, pid, networkNamespace].filter((flag) => flag !== undefined && flag !== '').length > 1) throw usage('only one of --netns, --pid and --network-namespace')
  if (pid !== undefined && !/^[1-9]\d{0,9}$/.test(pid)) throw usage(`not a process number: ${pid}`, 'example: mtlscope init --pid 4121')
  if (netns !== undefined && (netns === '' || netns.includes('/'))) throw usage(`not the name of a namespace: ${netns}`, 'see: ip netns')
  if (networkNamespace !== undefined && networkNamespace !== '') return { path: networkNamespace, name: networkNamespace }
  if (netns !== undefined) return { path: `/run/netns/${netns}`, name: netns }
  return { path: `${procfs}/${pid ?? 'self'}/ns/net`, name: pid === undefined ? 'this namespace' : `pid ${pid}` }
}

export function namedBackend({ backend, nativeNftables, forceIptablesBinary }: InitFlags): InterceptBackend | undefined {
  const named = [backend, nativeNftables === true ? 'nft' as const : undefined, forceIptablesBinary === undefined ? undefined : `iptables-${forceIptablesBinary}` as const].filter((one) => one !== undefined)
  if (new Set(named).size > 1) throw usage('only one of --backend, --native-nftables and --force-iptables-binary')
  return named[0]
}

/** In the order in which the kernel has them; Istio decides by the first. */
export function namespaceAddresses(path: string): string[] {
  return insideNamespace(path, listAddresses).map(({ ip }) => ip)
}

function usage(message: string, hint = 'see: mtlscope init --help'): MtlscopeError {
  return new MtlscopeError('usage', message, { hint })
}
