import { identityProjection } from '../authority/identity-projection.ts'
import { PREFIX } from './annotation.ts'
import { IDENTITY_FOLDER } from './sidecar-config.ts'

/** Which image, and whom the sidecar asks for its certificate. */
export interface SidecarImage { readonly image: string, readonly pullPolicy: string | undefined }

export const SIDECAR = 'mtlscope-sidecar'
export const SIDECAR_UID = 1337
const INIT = 'mtlscope-init'
/** Any but the sidecar's, which the rules let past. */
const AWAIT_UID = 65_532
const CONFIG_FOLDER = '/etc/mtlscope'
const LOCKED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' } }

function imageOf({ image, pullPolicy }: SidecarImage): object {
  return { image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy } }
}

/** Sets the rules, and ends. */
export function initContainer(image: SidecarImage): object {
  return {
    name: INIT, ...imageOf(image), args: ['init', '--preset', 'mtlscope', '--proxy-uid', String(SIDECAR_UID)],
    securityContext: { ...LOCKED, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false, capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] } },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  }
}

/** Waits until somebody on the node has set them: it may do nothing itself. */
export function awaitContainer(image: SidecarImage): object {
  return {
    name: INIT, ...imageOf(image), args: ['init', '--await'],
    securityContext: { ...LOCKED, runAsUser: AWAIT_UID, runAsGroup: AWAIT_UID, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  }
}

/** A native sidecar (restartPolicy Always): up before the app, and a Job ends without it. */
export function sidecarContainer(image: SidecarImage, adminPort: number): object {
  const ready = ['/usr/bin/node', '-e', `fetch("http://127.0.0.1:${adminPort}/readyz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`]
  return {
    name: SIDECAR, ...imageOf(image), restartPolicy: 'Always', args: ['sidecar', '--config', `${CONFIG_FOLDER}/mtlscope.yaml`, '-o', 'json'],
    securityContext: { ...LOCKED, runAsUser: SIDECAR_UID, runAsGroup: SIDECAR_UID, runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
    startupProbe: { exec: { command: ready }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120 },
    readinessProbe: { exec: { command: ready }, periodSeconds: 15, timeoutSeconds: 5 },
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
    volumeMounts: [{ name: 'mtlscope-config', mountPath: CONFIG_FOLDER, readOnly: true }, { name: 'mtlscope-identity', mountPath: IDENTITY_FOLDER, readOnly: true }],
  }
}

/** `from`: the secret with the identity, or the audience of the token that the CA knows the pod by. */
export function sidecarVolumes(from: { secret: string } | { audience: string }): object[] {
  return [
    { name: 'mtlscope-config', downwardAPI: { items: [{ path: 'mtlscope.yaml', fieldRef: { fieldPath: `metadata.annotations['${PREFIX}config']` } }] } },
    { name: 'mtlscope-identity', ...'secret' in from ? { secret: { secretName: from.secret, defaultMode: 0o444 } } : { projected: identityProjection(from.audience) } },
  ]
}
