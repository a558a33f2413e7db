import { MtlscopeError } from '../base/errors.ts'
import { AuditStream } from '../identity/authority/audit-stream.ts'
import type { CaStore } from '../identity/authority/ca-store.ts'
import { caFolder } from './ca-folder.ts'
import { DEFAULT_FOLDER } from './ca-values.ts'

/** Where a CA is: a folder, or a Secret of a cluster. */
export interface CaPlaceFlags { dir?: string, kubeSecret?: string, kubeconfig?: string, context?: string }

/** Runs `use` with the CA of the flags. One in a Secret says to standard output what it does to it (the audit log). Throws 'usage'. */
export async function withCaStore<T>(flags: CaPlaceFlags, use: (store: CaStore) => Promise<T>): Promise<T> {
  if (flags.kubeSecret === undefined) return await use(caFolder(flags.dir ?? DEFAULT_FOLDER))
  if (flags.dir !== undefined) throw new MtlscopeError('usage', '--dir and --kube-secret name two places', { hint: 'give one of the two' })
  const { openSecretStore } = await import('./ca-secret.ts')
  const { store, client } = openSecretStore(flags.kubeSecret, flags, new AuditStream(process.stdout))
  try {
    return await use(store)
  } finally {
    client.close()
  }
}
