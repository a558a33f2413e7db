import { fields, list, text } from '../fields.ts'
import { PREFIX } from '../inject/annotation.ts'
import { SIDECAR } from '../inject/sidecar-containers.ts'

/** A pod that waits for its rules. */
export interface RuledPod { readonly uid: string, /** `NAMESPACE/NAME`. */ readonly name: string }

/** Of a pod of this node; undefined where its rules are not ours to set. */
export function parseRuledPod(object: unknown): RuledPod | undefined {
  const pod = fields(object)
  const [metadata, spec, status] = [fields(pod.metadata), fields(pod.spec), fields(pod.status)]
  const [uid, name, namespace] = [text(metadata.uid), text(metadata.name), text(metadata.namespace)]
  const annotations = fields(metadata.annotations)
  if (uid === undefined || annotations[`${PREFIX}injected`] === undefined || annotations[`${PREFIX}rules`] !== 'node') return undefined
  if (spec.hostNetwork === true || status.phase === 'Succeeded' || status.phase === 'Failed' || !list(spec.initContainers).some((container) => container.name === SIDECAR)) return undefined
  return { uid, name: `${namespace ?? ''}/${name ?? ''}` }
}
