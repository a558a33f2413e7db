import { MtlscopeError } from '../../base/errors.ts'
import { fields, list, text } from '../fields.ts'
import type { Fields } from '../fields.ts'
import { PREFIX } from './annotation.ts'
import { EGRESS } from './contrast-annotations.ts'
import { parseInjectSettings } from './inject-settings.ts'
import type { InjectSettings } from './inject-settings.ts'
import { probedPorts } from './probed-ports.ts'
import { DEFAULT_ADMIN_PORT, checkedConfig, outboundDefault } from './sidecar-config.ts'
import type { ConfigCheck } from './sidecar-config.ts'
import { SIDECAR, SIDECAR_UID, awaitContainer, initContainer, sidecarContainer, sidecarVolumes } from './sidecar-containers.ts'
import type { SidecarImage } from './sidecar-containers.ts'

export interface InjectOptions extends SidecarImage {
  /** Secrets in the namespace of the pod that the image is pulled with, beside those that it names. */
  readonly pullSecrets?: readonly string[] | undefined
  /** The CA of the cluster, which knows pods by the tokens of their accounts; without it identities are in secrets. */
  readonly ca?: { readonly address: string, readonly audience: string } | undefined
  /** Who sets the rules where no annotation says so; `init` where left out. */
  readonly rules?: 'init' | 'node' | undefined
  /** Who injects, in the annotation that says that it was done; a pod that says the same comes from there and is passed over without a word. */
  readonly mark?: string | undefined
  /** Whether the sidecar takes what the annotations make; without it only what is known here is looked at. */
  readonly check?: ConfigCheck | undefined
}

/** What to add to a pod template. */
export interface Injection {
  readonly annotations: Readonly<Record<string, string>>
  /** In front of those that are there: what they do is within the mesh already. */
  readonly initContainers: readonly object[]
  readonly volumes: readonly object[]
  /** Behind those that it names already. */
  readonly imagePullSecrets: readonly { readonly name: string }[]
  readonly notes: readonly string[]
}

export type InjectPlan =
  | { readonly kind: 'inject', readonly injection: Injection }
  /** `isAsked`: an annotation says so, or this same injector has done it, which nobody needs to be told. */
  | { readonly kind: 'leave', readonly why: string, readonly isAsked: boolean }

/** Pure. `template`: metadata and spec of a pod. Throws 'bad-manifest' where injecting would leave a hole or a pod that never starts. */
export function planInjection(template: { metadata: Fields, spec: Fields }, workload: string, options: InjectOptions): InjectPlan {
  const { metadata, spec } = template
  const annotations = fields(metadata.annotations)
  const settings = parseInjectSettings(annotations)
  const containers = [...list(spec.containers), ...list(spec.initContainers)]
  if (!settings.enabled || fields(metadata.labels)[`${PREFIX}inject`] === 'disabled') return { kind: 'leave', why: `${settings.enabled ? 'label' : 'annotation'} ${PREFIX}inject is disabled`, isAsked: true }
  const why = reasonToLeave(annotations, spec, containers)
  if (why !== undefined) return { kind: 'leave', why, isAsked: options.mark !== undefined && annotations[`${PREFIX}injected`] === options.mark && containers.some(({ name }) => name === SIDECAR) }
  refuseProxyUser(spec, containers)
  const probed = probedPorts(list(spec.containers))
  refuseProbes(settings, probed)
  return { kind: 'inject', injection: planned(settings, { spec, workload, probed }, options) }
}

function reasonToLeave(annotations: Fields, spec: Fields, containers: readonly Fields[]): string | undefined {
  if (annotations[`${PREFIX}injected`] !== undefined || containers.some(({ name }) => name === SIDECAR)) return 'it has a sidecar of mtlscope already'
  if (spec.hostNetwork === true) return 'it is on the network of its node (hostNetwork), whose rules are not the pod\'s to set'
  if (annotations['kubernetes.io/config.mirror'] !== undefined) return 'it is a static pod, which only the files of its node change'
  return fields(spec.os).name === 'windows' ? 'it runs Windows' : undefined
}

function planned(settings: InjectSettings, pod: { spec: Fields, workload: string, probed: readonly number[] }, options: InjectOptions): Injection {
  // A secret that is named wins: there may be a CA outside the cluster.
  const ca = settings.identitySecret === undefined ? options.ca : undefined
  const config = checkedConfig(settings, { ...pod, caAddress: ca?.address }, options.check)
  const rules = settings.rules ?? options.rules ?? 'init'
  const secret = settings.identitySecret ?? `${text(pod.spec.serviceAccountName) ?? 'default'}-mtlscope`
  return {
    annotations: { [`${PREFIX}config`]: config, [`${PREFIX}injected`]: options.mark ?? 'true', ...rules === 'node' && { [`${PREFIX}rules`]: 'node' } },
    initContainers: [rules === 'node' ? awaitContainer(options) : initContainer(options), sidecarContainer(options, settings.contrast?.admin ?? DEFAULT_ADMIN_PORT)],
    volumes: sidecarVolumes(ca === undefined ? { secret } : { audience: ca.audience }),
    imagePullSecrets: missingSecrets(pod.spec, options.pullSecrets ?? []),
    notes: notesOf(settings, pod.probed),
  }
}

/** One name twice is refused by nobody, and means nothing more. */
function missingSecrets(spec: Fields, names: readonly string[]): { name: string }[] {
  const present = new Set(list(spec.imagePullSecrets).map(({ name }) => name))
  return names.filter((name) => !present.has(name)).map((name) => ({ name }))
}

/** What whoever asked for it should know: where something is let in or out in plaintext. */
function notesOf(settings: InjectSettings, probed: readonly number[]): string[] {
  const notes = settings.probes === 'permissive' ? probed.map((port) => `port ${port} lets plaintext in from anyone, for the kubelet's probes`) : []
  if (settings.contrast?.isOpen === true) notes.push('every port lets plaintext in from anyone, as with Contrast where its ingress is DISABLED')
  if (outboundDefault(settings) === 'passthrough' && settings.outbound === undefined) notes.push(`calls that ${EGRESS} does not name leave as they are, as with Contrast; annotation ${PREFIX}outbound=mesh makes mutual TLS of them`)
  return notes
}

function refuseProbes(settings: InjectSettings, probed: readonly number[]): void {
  const isNamed = (port: number): boolean => settings.ports.has(port) || settings.contrast?.ports.has(port) === true || settings.contrast?.isOpen === true
  if (settings.probes !== undefined || probed.every(isNamed)) return
  throw new MtlscopeError('bad-manifest', `the kubelet probes port ${probed.join(', ')} in plaintext, which mutual TLS refuses`, {
    hint: `choose: annotation ${PREFIX}probes=permissive lets plaintext in there, from anyone; a probe by exec needs nothing; =strict leaves it as it is`,
  })
}

/** Whoever has the sidecar's user is let past it by the rules. */
function refuseProxyUser(spec: Fields, containers: readonly Fields[]): void {
  const users = [spec, ...containers].map((part) => fields(part.securityContext).runAsUser)
  if (!users.includes(SIDECAR_UID)) return
  throw new MtlscopeError('bad-manifest', `a container runs as user ${SIDECAR_UID}, the sidecar's own, which the rules let past`, { hint: 'give the app another runAsUser' })
}
