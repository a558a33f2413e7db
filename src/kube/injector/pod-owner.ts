import { fields, list, text } from '../fields.ts'
import type { Fields } from '../fields.ts'

/** What a pod that is about to be made belongs to. */
export interface PodOwner {
  /** Name in metrics and logs: that of the Deployment, the Job, the pod. */
  readonly workload: string
  /** For people: the pod's name, or how it will begin. */
  readonly label: string
  /** What an event is about: whoever makes the pod, since it has no identity yet. */
  readonly reference: { readonly apiVersion: string, readonly kind: string, readonly name: string, readonly uid?: string }
}

const UNNAMED = 'pod'

export function ownerOfPod(pod: Fields): PodOwner {
  const metadata = fields(pod.metadata)
  const name = text(metadata.name) ?? text(metadata.generateName) ?? UNNAMED
  const owner = list(metadata.ownerReferences).find(({ controller }) => controller === true)
  const [kind, ownerName, apiVersion, uid] = [text(owner?.kind), text(owner?.name), text(owner?.apiVersion), text(owner?.uid)]
  if (kind === undefined || ownerName === undefined || apiVersion === undefined) {
    return { workload: name.replace(/-+$/, '') || UNNAMED, label: name, reference: { apiVersion: 'v1', kind: 'Pod', name } }
  }
  const hash = text(fields(metadata.labels)['pod-template-hash'])
  const isDeployment = kind === 'ReplicaSet' && hash !== undefined && ownerName.endsWith(`-${hash}`)
  return { workload: isDeployment ? ownerName.slice(0, -hash.length - 1) : ownerName, label: name, reference: { apiVersion, kind, name: ownerName, ...uid !== undefined && { uid } } }
}
