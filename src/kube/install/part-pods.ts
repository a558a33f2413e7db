import type { InstallOptions, Part } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { TRUST_CONFIG_MAP } from '../trust-map.ts'
import { inNamespace, partName, podLabels } from './object-names.ts'

/** Of tokens by which a part asks the CA for its certificate. */
export const AUDIENCE = 'mtlscope-ca'
export const CA_PORT = 8443
const USER = 1337
const TOKEN_SECONDS = 3600
const TOKEN_FOLDER = '/var/run/secrets/mtlscope'
const BUNDLE_FOLDER = '/etc/mtlscope/ca'

/** By what a part is known to the others: where the CA is, who vouches for it, and the token that is shown to it. */
export function identityArgs({ namespace }: InstallOptions): string[] {
  return ['--ca', `${partName('ca')}.${namespace}.svc:${CA_PORT}`, '--ca-bundle', `${BUNDLE_FOLDER}/mesh-ca.pem`, '--token-file', `${TOKEN_FOLDER}/token`]
}

/** The pod waits until the CA has published its bundle: a ConfigMap that is not there yet is mounted when it is. */
export const IDENTITY_VOLUMES: readonly object[] = [
  { name: 'token', projected: { sources: [{ serviceAccountToken: { audience: AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'token' } }] } },
  { name: 'ca', configMap: { name: TRUST_CONFIG_MAP } },
]
export const IDENTITY_MOUNTS: readonly object[] = [
  { name: 'token', mountPath: TOKEN_FOLDER, readOnly: true },
  { name: 'ca', mountPath: BUNDLE_FOLDER, readOnly: true },
]

export const LOCKED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' } }

/** What runs in the container of a part. */
export interface PartContainer {
  readonly args: readonly string[]
  readonly port?: number
  readonly env?: readonly object[]
  readonly readiness: object
  /** Where being alive is less than being ready. */
  readonly liveness?: object
  readonly resources: object
  readonly securityContext?: object
  readonly mounts?: readonly object[]
}

/** Over HTTPS, whose certificate the kubelet does not look at. */
export function httpsProbe(port: number, path = '/healthz'): object {
  return { httpGet: { path, port, scheme: 'HTTPS' } }
}

export function partContainer(part: Part, { image, pullPolicy }: InstallOptions, { args, port, env, readiness, liveness = readiness, resources, securityContext, mounts }: PartContainer): object {
  return {
    name: part, image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy }, args,
    ...env !== undefined && { env },
    ...port !== undefined && { ports: [{ name: part, containerPort: port, protocol: 'TCP' }] },
    securityContext: { ...LOCKED, ...securityContext ?? { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, capabilities: { drop: ['ALL'] } } },
    startupProbe: { ...liveness, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 180 },
    readinessProbe: { ...readiness, periodSeconds: 5, timeoutSeconds: 5 },
    livenessProbe: { ...liveness, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
    resources,
    ...mounts !== undefined && { volumeMounts: mounts },
  }
}

/** Of a pod: with what its images are pulled. */
export function pullSecretsOf({ pullSecrets }: Pick<InstallOptions, 'pullSecrets'>): { imagePullSecrets?: readonly { name: string }[] } {
  return pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }
}

/** By these annotations a Prometheus that goes by them finds /metrics; elsewhere they mean nothing. */
export function scraped(port: number): Record<string, string> {
  return { 'prometheus.io/scrape': 'true', 'prometheus.io/scheme': 'https', 'prometheus.io/port': String(port), 'prometheus.io/path': '/metrics' }
}

const GONE_SECONDS = 30
/**
 * Where its node does not answer, or is not ready, a pod is made elsewhere after this. Pods that say nothing are given 300 s by the API server. The one that is
 * there may go on meanwhile, where nobody can end it.
 */
const SOON_ELSEWHERE: readonly object[] = ['not-ready', 'unreachable'].map((state) => ({
  key: `node.kubernetes.io/${state}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: GONE_SECONDS,
}))

/** A Deployment of one pod, or of more; `spec`: what its pods have beside account and container. */
export function planDeployment(part: Part, options: InstallOptions, container: object, spec: { replicas?: number, strategy?: object, annotations?: Record<string, string>, pod: object }): Manifest {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: inNamespace(part, options),
    spec: {
      replicas: spec.replicas ?? 1, selector: { matchLabels: podLabels(part) }, ...spec.strategy !== undefined && { strategy: spec.strategy },
      template: { metadata: { labels: podLabels(part), ...spec.annotations !== undefined && { annotations: spec.annotations } }, spec: { serviceAccountName: partName(part), ...pullSecretsOf(options), ...spec.pod, tolerations: SOON_ELSEWHERE, containers: [container] } },
    },
  }
}

export function planService(part: Part, options: InstallOptions, port: number, targetPort: number): Manifest {
  return {
    apiVersion: 'v1', kind: 'Service', metadata: inNamespace(part, options),
    spec: { selector: podLabels(part), ports: [{ name: part, port, targetPort, protocol: 'TCP' }] },
  }
}
