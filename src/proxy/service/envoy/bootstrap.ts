import { join } from 'node:path'
import type { IdentityMaterial } from '../../../identity/material.ts'
import type { SidecarPlan } from '../../sidecar-plan.ts'
import { extension } from './json.ts'
import type { JsonObject } from './json.ts'
import { planResources } from './listeners.ts'
import { BUNDLE_SECRET, IDENTITY_SECRET } from './tls-context.ts'
import type { SecretFiles } from './tls-context.ts'

const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'
const LISTENER_TYPE = 'type.googleapis.com/envoy.config.listener.v3.Listener'
const CLUSTER_TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'

/** Paths of what one Envoy is given and gives, all in one folder of its own. */
export interface EnvoyFiles extends SecretFiles {
  readonly bootstrap: string
  readonly check: string
  readonly listeners: string
  readonly clusters: string
  readonly admin: string
}

export function envoyFiles(folder: string): EnvoyFiles {
  const path = (name: string): string => join(folder, name)
  return {
    identity: path('identity.json'), bundle: path('bundle.json'), bootstrap: path('bootstrap.json'), check: path('check.json'),
    listeners: path('listeners.json'), clusters: path('clusters.json'), admin: path('admin.sock'),
  }
}

/** Everything in one file: for `--print` and for `envoy --mode validate`. */
export function staticBootstrap(plan: SidecarPlan, files: EnvoyFiles): JsonObject {
  return { ...common(plan, files), static_resources: { ...planResources(plan, files) } }
}

/** What Envoy runs with: listeners and clusters are files of their own, so that another plan needs no other process. */
export function dynamicBootstrap(plan: SidecarPlan, files: EnvoyFiles): JsonObject {
  const from = (path: string): JsonObject => ({ path_config_source: { path }, resource_api_version: 'V3' })
  return { ...common(plan, files), dynamic_resources: { cds_config: from(files.clusters), lds_config: from(files.listeners) } }
}

function common(plan: SidecarPlan, files: EnvoyFiles): JsonObject {
  return {
    node: { id: plan.workload, cluster: plan.workload },
    admin: { address: { pipe: { path: files.admin, mode: 0o600 } } },
    overload_manager: {
      resource_monitors: [extension('envoy.resource_monitors.global_downstream_max_connections', 'resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig', { max_active_downstream_connections: plan.limits.connections })],
    },
  }
}

/** DiscoveryResponse files for listeners and clusters. `version` must differ from the one before. */
export function resourceFiles(plan: SidecarPlan, files: EnvoyFiles, version: number): [path: string, content: JsonObject][] {
  const { listeners, clusters } = planResources(plan, files)
  const response = (type: string, resources: readonly JsonObject[]): JsonObject => ({ version_info: String(version), resources: resources.map((one) => ({ '@type': type, ...one })) })
  // Clusters first: a listener that leads to one that is not there is refused.
  return [[files.clusters, response(CLUSTER_TYPE, clusters)], [files.listeners, response(LISTENER_TYPE, listeners)]]
}

/** DiscoveryResponse files for the secrets (SDS). */
export function secretFiles(material: IdentityMaterial, files: SecretFiles): [path: string, content: JsonObject][] {
  const secret = (name: string, fields: JsonObject): JsonObject => ({ resources: [{ '@type': SECRET_TYPE, name, ...fields }] })
  return [
    [files.bundle, secret(BUNDLE_SECRET, { validation_context: { trusted_ca: { inline_string: material.bundlePem } } })],
    [files.identity, secret(IDENTITY_SECRET, { tls_certificate: { certificate_chain: { inline_string: material.chainPem }, private_key: { inline_string: material.keyPem } } })],
  ]
}
