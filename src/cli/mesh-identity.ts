import type { Command } from 'commander'
import { MtlscopeError } from '../base/errors.ts'
import type { IdentityEvents, IdentitySource } from '../identity/identity-source.ts'
import { parseSpiffeId } from '../identity/spiffe.ts'

export interface MeshIdentityFlags { ca?: string, caBundle: string, tokenFile: string, id?: string, cert?: string, key?: string }

/** Where an agent or a hub has its certificate from. */
export function addIdentityOptions(command: Command): Command {
  return command
    .optionsGroup('Its certificate:')
    .option('--ca <address>', 'from this CA: host:port (default: mtlscope-ca.NAMESPACE.svc:8443 of its own namespace)')
    .option('--ca-bundle <file>', 'PEM file that the CA, and whoever is talked to, is verified with', '/etc/mtlscope/ca/mesh-ca.pem')
    .option('--token-file <file>', 'token that the CA knows it by', '/var/run/secrets/mtlscope/token')
    .option('--id <spiffe id>', 'who it is (default: what the token of a service account says)')
    .option('--cert <file>', 'in place of a CA: certificate chain (PEM), read again when it changes')
    .option('--key <file>', 'and its key')
}

/** Before anything is begun. Throws 'usage'. */
export function requireIdentityFlags({ ca, id, cert, key }: MeshIdentityFlags): void {
  if ((cert === undefined) !== (key === undefined)) throw new MtlscopeError('usage', '--cert and --key belong together')
  if (cert !== undefined && ca !== undefined) throw new MtlscopeError('usage', 'a certificate comes from --ca, or from --cert and --key', { hint: 'give one of the two' })
  if (id !== undefined) requireSpiffeId('--id', id)
}

/** Flags as requireIdentityFlags lets them through. `namespace`: our own, in a cluster. */
export async function openMeshIdentity({ ca, caBundle, tokenFile, id, cert, key }: MeshIdentityFlags, namespace: () => string, events: IdentityEvents): Promise<IdentitySource> {
  if (cert !== undefined && key !== undefined) {
    return (await import('../identity/identity-files.ts')).openIdentityFiles({ key, chain: cert, bundle: caBundle }, events)
  }
  const { openCaIdentity } = await import('../identity/ca-identity.ts')
  return openCaIdentity({ address: ca ?? `mtlscope-ca.${namespace()}.svc:8443`, bundleFile: caBundle, tokenFile, ...id !== undefined && { spiffeId: id } }, events)
}

/** Throws 'usage' for what is none. */
export function requireSpiffeId(option: string, text: string): void {
  if (parseSpiffeId(text) === undefined) throw new MtlscopeError('usage', `${option}: not a SPIFFE ID: ${text}`, { hint: 'example: spiffe://cluster.local/ns/mtlscope/sa/mtlscope-hub' })
}
