import { stringify } from 'yaml'
import { MtlscopeError } from '../../base/errors.ts'
import { PREFIX, badEntry } from './annotation.ts'
import type { Entry } from './annotation.ts'
import type { InjectSettings } from './inject-settings.ts'

/** Where the sidecar finds what it proves itself with. */
export const IDENTITY_FOLDER = '/run/mtlscope/identity'
/** Names within it, where the identity comes from the CA. */
export const TOKEN_FILE = 'token'
export const BUNDLE_FILE = 'mesh-ca.pem'
export const DEFAULT_ADMIN_PORT = 15_000

/** A pod's part in the sidecar's file. */
export interface ConfiguredPod {
  readonly workload: string
  /** Ports that the kubelet asks in plaintext. */
  readonly probed: readonly number[]
  /** `host:port` of the CA; undefined: the identity is in files. */
  readonly caAddress: string | undefined
}

/** Why the sidecar would not take a configuration; undefined where it would. */
export type ConfigCheck = (config: string) => string | undefined

/** The sidecar's file (docs/sidecar.md). */
function sidecarConfig(settings: InjectSettings, pod: ConfiguredPod): string {
  const { contrast, allow, passThrough } = settings
  const ports = Object.fromEntries([...contrast?.ports ?? [], ...settings.probes === 'permissive' ? pod.probed.map((port) => [port, 'permissive'] as const) : [], ...settings.ports])
  const map = contrast?.map.map(({ listen, to }) => ({ listen: hostPort(listen), to: hostPort(to) })) ?? []
  return stringify({
    workload: pod.workload,
    identity: pod.caAddress === undefined ? { dir: IDENTITY_FOLDER } : { ca: { address: pod.caAddress, bundle: `${IDENTITY_FOLDER}/${BUNDLE_FILE}`, token: `${IDENTITY_FOLDER}/${TOKEN_FILE}` } },
    inbound: {
      mode: 'redirect', listen: 15006, default: contrast?.isOpen === true ? 'plaintext' : 'mtls',
      ...Object.keys(ports).length > 0 && { ports }, ...allow.length > 0 && { allow: textsOf(allow) },
    },
    outbound: {
      mode: 'redirect', listen: 15001, default: outboundDefault(settings),
      ...passThrough.length > 0 && { passthrough: textsOf(passThrough) }, ...map.length > 0 && { map },
    },
    ...contrast?.admin !== undefined && { admin: contrast.admin },
  })
}

/** With Contrast only what an app sends to a listener of the mesh is the mesh's. */
export function outboundDefault({ outbound, contrast }: InjectSettings): string {
  return outbound ?? (contrast === undefined ? 'mesh' : 'passthrough')
}

/** The same, once the sidecar would take it. Throws 'bad-manifest' with the entry that it would not take. */
export function checkedConfig(settings: InjectSettings, pod: ConfiguredPod, check: ConfigCheck | undefined): string {
  const config = sidecarConfig(settings, pod)
  const why = check?.(config)
  if (check === undefined || why === undefined) return config
  const plain: InjectSettings = { ...settings, ports: new Map(), passThrough: [], allow: [], contrast: undefined }
  requireEntries('pass-through', settings.passThrough, (entry) => check(sidecarConfig({ ...plain, passThrough: [entry] }, pod)))
  requireEntries('allow', settings.allow, (entry) => check(sidecarConfig({ ...plain, allow: [entry] }, pod)))
  throw new MtlscopeError('bad-manifest', `the annotations make a configuration that the sidecar does not take: ${why}`, { hint: 'see what it is: mtlscope inject' })
}

function requireEntries(name: string, entries: readonly Entry[], check: (entry: Entry) => string | undefined): void {
  for (const entry of entries) {
    const why = check(entry)
    if (why !== undefined) throw badEntry(PREFIX + name, entry, why)
  }
}

function textsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ text }) => text)
}

function hostPort({ host, port }: { host: string, port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
