import type { IdentityPatterns, MeshServer, TlsPlan } from '../../sidecar-plan.ts'
import { extension } from './json.ts'
import type { JsonObject } from './json.ts'

/** Groups that the BoringSSL inside Envoy knows. It refuses a list with another one. */
const ENVOY_GROUPS = new Set(['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'P-521'])
const VERSIONS = { '1.2': 'TLSv1_2', '1.3': 'TLSv1_3' } as const

export const IDENTITY_SECRET = 'identity'
export const BUNDLE_SECRET = 'bundle'

/** Where Envoy reads its secrets from (file-based SDS). */
export interface SecretFiles { readonly identity: string, readonly bundle: string }

export function groupsLeftOut({ groups }: TlsPlan): string[] {
  return groups.filter((group) => !ENVOY_GROUPS.has(group))
}

/** `clients`: undefined asks for no certificate. */
export function downstreamTls(tls: TlsPlan, secrets: SecretFiles, clients: IdentityPatterns | undefined, required: boolean): JsonObject {
  return extension('envoy.transport_sockets.tls', 'transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: required,
    ...tls.resumption ? {} : { disable_stateless_session_resumption: true, disable_stateful_session_resumption: true },
    common_tls_context: commonTls(tls, secrets, clients),
  })
}

export function upstreamTls(plan: TlsPlan, secrets: SecretFiles, { identities, alpn }: MeshServer, serverName: string | undefined): JsonObject {
  const tls = alpn === undefined ? plan : { ...plan, alpn }
  return extension('envoy.transport_sockets.tls', 'transport_sockets.tls.v3.UpstreamTlsContext', {
    ...serverName === undefined ? {} : { sni: serverName },
    ...tls.resumption ? {} : { max_session_keys: 0 },
    common_tls_context: commonTls(tls, secrets, identities),
  })
}

function commonTls(tls: TlsPlan, secrets: SecretFiles, peers: IdentityPatterns | undefined): JsonObject {
  return {
    tls_params: {
      tls_minimum_protocol_version: VERSIONS[tls.minVersion], tls_maximum_protocol_version: 'TLSv1_3',
      ecdh_curves: tls.groups.filter((group) => ENVOY_GROUPS.has(group)),
    },
    alpn_protocols: [tls.alpn],
    tls_certificate_sds_secret_configs: [secret(IDENTITY_SECRET, secrets.identity)],
    ...peers === undefined ? {} : {
      combined_validation_context: {
        default_validation_context: peers.length === 0 ? {} : { match_typed_subject_alt_names: peers.map(nameMatcher) },
        validation_context_sds_secret_config: secret(BUNDLE_SECRET, secrets.bundle),
      },
    },
  }
}

function secret(name: string, path: string): JsonObject {
  return { name, sds_config: { path_config_source: { path }, resource_api_version: 'V3' } }
}

function nameMatcher(pattern: string): JsonObject {
  const isSpiffe = pattern.startsWith('spiffe://')
  const matcher: JsonObject = pattern.endsWith('*') ? { prefix: pattern.slice(0, -1) } : { exact: pattern }
  return { san_type: isSpiffe ? 'URI' : 'DNS', matcher: isSpiffe ? matcher : { ...matcher, ignore_case: true } }
}
