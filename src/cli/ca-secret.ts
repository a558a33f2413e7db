import type { AuditSink } from '../identity/authority/audit.ts'
import type { SecretPlace } from '../kube/authority/secret-store.ts'
import { parseSecretPlace, SecretStore } from '../kube/authority/secret-store.ts'
import { KubeClient } from '../kube/client.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'

export interface OpenSecret { readonly store: SecretStore, readonly client: KubeClient, readonly place: SecretPlace }

/** The client is the caller's to close. Throws 'usage', 'bad-kubeconfig'. */
export function openSecretStore(secret: string, { kubeconfig, context }: { kubeconfig?: string, context?: string }, audit: AuditSink): OpenSecret {
  const place = parseSecretPlace(secret)
  const client = new KubeClient(readClusterAccess({ ...kubeconfig !== undefined && { kubeconfig }, ...context !== undefined && { context } }))
  return { store: new SecretStore(client, place, audit, Date.now), client, place }
}
