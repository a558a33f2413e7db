import { fields } from '../fields.ts'
import type { Fields } from '../fields.ts'
import type { Injection } from '../inject/inject-pod.ts'

/** Adds an injection to a pod, as JSON Patch (RFC 6902). What is there stays, in its order. */
export function podPatch(pod: Fields, { annotations, initContainers, volumes, imagePullSecrets }: Injection): object[] {
  const [metadata, spec] = [fields(pod.metadata), fields(pod.spec)]
  return [
    ...isMap(metadata.annotations)
      ? Object.entries(annotations).map(([key, value]) => ({ op: 'add', path: `/metadata/annotations/${escaped(key)}`, value }))
      : [...pod.metadata === undefined ? [{ op: 'add', path: '/metadata', value: {} }] : [], { op: 'add', path: '/metadata/annotations', value: annotations }],
    ...Array.isArray(spec.initContainers)
      ? initContainers.map((value, index) => ({ op: 'add', path: `/spec/initContainers/${index}`, value }))
      : [{ op: 'add', path: '/spec/initContainers', value: initContainers }],
    ...appended('/spec/volumes', spec.volumes, volumes),
    ...imagePullSecrets.length === 0 ? [] : appended('/spec/imagePullSecrets', spec.imagePullSecrets, imagePullSecrets),
  ]
}

function appended(path: string, present: unknown, values: readonly object[]): object[] {
  return Array.isArray(present) ? values.map((value) => ({ op: 'add', path: `${path}/-`, value })) : [{ op: 'add', path, value: values }]
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 6901 §3. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
