import { BUNDLE_FILE, TOKEN_FILE } from '../inject/sidecar-config.ts'
import { TRUST_CONFIG_MAP, TRUST_KEY } from '../trust-map.ts'

/** The kubelet writes it anew when four fifths of this are over. */
const TOKEN_SECONDS = 3600

/**
 * What a pod needs to get a certificate from the CA of its cluster, as a projected volume: the token of its account, for nobody but the CA, and the trust
 * bundle. Others than the owner may read it, since it is mounted into the sidecar alone, which is not root.
 */
export function identityProjection(audience: string): object {
  return {
    defaultMode: 0o444,
    sources: [
      { serviceAccountToken: { audience, expirationSeconds: TOKEN_SECONDS, path: TOKEN_FILE } },
      { configMap: { name: TRUST_CONFIG_MAP, items: [{ key: TRUST_KEY, path: BUNDLE_FILE }] } },
    ],
  }
}
