import { MtlscopeError } from '../../base/errors.ts'
import { probedPorts } from './probed-ports.ts'
import { PREFIX, parseInjectSettings, sidecarConfig } from './inject-settings.ts'

export type Fields = Record<string, unknown>

export interface InjectOptions { readonly image: string, readonly pullPolicy: string | undefined }

/** What to add to a pod template. */
export interface Injection {
  readonly annotations: Readonly<Record<string, string>>
  /** In front of those that are there: what they do is within the mesh already. */
  readonly initContainers: readonly object[]
  readonly volumes: readonly object[]
  readonly notes: readonly string[]
}

export type InjectPlan = { readonly kind: 'inject', readonly injection: Injection } | { readonly kind: 'leave', readonly why: string }

export const SIDECAR = 'mtlscope-sidecar'
const INIT = 'mtlscope-init'
const SIDECAR_UID = 1337
const READY = ['/usr/bin/node', '-e', 'fetch("http://127.0.0.1:15000/readyz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))']
const LOCKED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' } }

/** Pure. `template`: metadata and spec of a pod. Throws 'bad-manifest' where injecting would leave a hole or a pod that never starts. */
export function planInjection(template: { metadata: Fields, spec: Fields }, workload: string, options: InjectOptions): InjectPlan {
  const { metadata, spec } = template
  const annotations = fields(metadata.annotations)
  const settings = parseInjectSettings(annotations)
  const containers = [...list(spec.containers), ...list(spec.initContainers)]
  if (!settings.enabled) return { kind: 'leave', why: `annotation ${PREFIX}inject is disabled` }
  if (annotations[`${PREFIX}injected`] !== undefined || containers.some(({ name }) => name === SIDECAR)) return { kind: 'leave', why: 'it has a sidecar of mtlscope already' }
  if (spec.hostNetwork === true) return { kind: 'leave', why: 'it is on the network of its node (hostNetwork), whose rules are not the pod\'s to set' }
  refuseProxyUser(spec, containers)
  const probed = probedPorts(list(spec.containers))
  if (probed.length > 0 && settings.probes === undefined && probed.some((port) => !settings.ports.has(port))) {
    throw new MtlscopeError('bad-manifest', `the kubelet probes port ${probed.join(', ')} in plaintext, which mutual TLS refuses`, {
      hint: `choose: annotation ${PREFIX}probes=permissive lets plaintext in there, from anyone; a probe by exec needs nothing; =strict leaves it as it is`,
    })
  }
  const config = sidecarConfig(settings, workload, probed)
  const secret = settings.identitySecret ?? `${typeof spec.serviceAccountName === 'string' ? spec.serviceAccountName : 'default'}-mtlscope`
  return {
    kind: 'inject',
    injection: {
      annotations: { [`${PREFIX}config`]: config, [`${PREFIX}injected`]: 'true' },
      initContainers: [initContainer(options), sidecarContainer(options)],
      volumes: [
        { name: 'mtlscope-config', downwardAPI: { items: [{ path: 'mtlscope.yaml', fieldRef: { fieldPath: `metadata.annotations['${PREFIX}config']` } }] } },
        { name: 'mtlscope-identity', secret: { secretName: secret, defaultMode: 0o444 } },
      ],
      notes: settings.probes === 'permissive' ? probed.map((port) => `port ${port} lets plaintext in from anyone, for the kubelet's probes`) : [],
    },
  }
}

function imageOf({ image, pullPolicy }: InjectOptions): object {
  return { image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy } }
}

function initContainer(options: InjectOptions): object {
  return {
    name: INIT, ...imageOf(options), args: ['init', '--preset', 'mtlscope', '--proxy-uid', String(SIDECAR_UID)],
    securityContext: { ...LOCKED, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false, capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] } },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  }
}

/** A native sidecar (restartPolicy Always): up before the app, and a Job ends without it. */
function sidecarContainer(options: InjectOptions): object {
  return {
    name: SIDECAR, ...imageOf(options), restartPolicy: 'Always', args: ['sidecar', '--config', '/etc/mtlscope/mtlscope.yaml', '-o', 'json'],
    securityContext: { ...LOCKED, runAsUser: SIDECAR_UID, runAsGroup: SIDECAR_UID, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
    startupProbe: { exec: { command: READY }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120 },
    readinessProbe: { exec: { command: READY }, periodSeconds: 15, timeoutSeconds: 5 },
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
    volumeMounts: [{ name: 'mtlscope-config', mountPath: '/etc/mtlscope', readOnly: true }, { name: 'mtlscope-identity', mountPath: '/run/mtlscope/identity', readOnly: true }],
  }
}

/** Whoever has the sidecar's user is let past it by the rules. */
function refuseProxyUser(spec: Fields, containers: readonly Fields[]): void {
  const users = [spec, ...containers].map((part) => fields(part.securityContext).runAsUser)
  if (!users.includes(SIDECAR_UID)) return
  throw new MtlscopeError('bad-manifest', `a container runs as user ${SIDECAR_UID}, the sidecar's own, which the rules let past`, { hint: 'give the app another runAsUser' })
}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {}
}

export function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : []
}
