import { displayName } from '../mesh/display-name.ts'

/** What of a pod matters here. */
export interface Pod {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly node: string | undefined
  readonly ips: readonly string[]
  readonly hostNetwork: boolean
  /** `Deployment/web`; the pod itself where nobody owns it. */
  readonly workload: string
  /** Static pods run under another number, which the kubelet keeps in an annotation. */
  readonly cgroupUids: readonly string[]
  /** It has ended: its addresses may be another's by now. */
  readonly isOver: boolean
  /** Its labels say that it is a part of mtlscope; anybody may say so. */
  readonly isOurs?: true
}

/** Objects of a list with an address of their own: a service that is not headless. */
export interface Service { readonly name: string, readonly namespace: string, readonly ips: readonly string[] }

type Fields = Record<string, unknown>

/** The pods of a PodList; what is not one is left out. */
export function parsePodList(list: unknown): Pod[] {
  return items(list).flatMap((item) => parsePod(item) ?? [])
}

export function parsePod(item: unknown): Pod | undefined {
  const { metadata, spec, status } = sections(item)
  const [uid, name, namespace] = [text(metadata.uid), displayName(text(metadata.name)), displayName(text(metadata.namespace))]
  if (uid === undefined || name === undefined || namespace === undefined) return undefined
  const mirror = text(fields(metadata.annotations)['kubernetes.io/config.mirror'])
  return {
    uid, name, namespace, node: text(spec.nodeName), ips: podIps(status), hostNetwork: spec.hostNetwork === true,
    workload: workloadOf(metadata, name), cgroupUids: mirror === undefined ? [uid] : [uid, mirror], isOver: status.phase === 'Succeeded' || status.phase === 'Failed',
    ...(fields(metadata.labels)['app.kubernetes.io/name'] === 'mtlscope' && { isOurs: true }),
  }
}

/** The services of a ServiceList that have addresses within the cluster. */
export function parseServiceList(list: unknown): Service[] {
  return items(list).flatMap((item) => parseService(item) ?? [])
}

export function parseService(item: unknown): Service | undefined {
  const { metadata, spec } = sections(item)
  const [name, namespace] = [displayName(text(metadata.name)), displayName(text(metadata.namespace))]
  const given = Array.isArray(spec.clusterIPs) ? spec.clusterIPs : [spec.clusterIP]
  const ips = given.filter((ip): ip is string => typeof ip === 'string' && ip !== '' && ip !== 'None')
  return name === undefined || namespace === undefined || ips.length === 0 ? undefined : { name, namespace, ips }
}

/** For people, and the same as the environment of a mesh's proxy has it. */
export function podName({ name, namespace }: { name: string, namespace: string }): string {
  return `${name}.${namespace}`
}

/** A ReplicaSet of a Deployment is named by it and the hash that its pods are labelled with. */
function workloadOf(metadata: Fields, name: string): string {
  const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences.map(fields) : []
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0]
  const [kind, ownerName] = [text(owner?.kind), text(owner?.name)]
  if (kind === undefined || ownerName === undefined) return `Pod/${name}`
  const hash = text(fields(metadata.labels)['pod-template-hash'])
  if (kind === 'ReplicaSet' && hash !== undefined && ownerName.endsWith(`-${hash}`)) return displayName(`Deployment/${ownerName.slice(0, -hash.length - 1)}`)!
  return displayName(`${kind}/${ownerName}`)!
}

function podIps(status: Fields): string[] {
  const list = Array.isArray(status.podIPs) ? status.podIPs.map((entry) => text(fields(entry).ip)) : [text(status.podIP)]
  return list.filter((ip) => ip !== undefined)
}

function items(list: unknown): unknown[] {
  const { items: found } = fields(list)
  return Array.isArray(found) ? found : []
}

function sections(item: unknown): { metadata: Fields, spec: Fields, status: Fields } {
  const { metadata, spec, status } = fields(item)
  return { metadata: fields(metadata), spec: fields(spec), status: fields(status) }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {}
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
