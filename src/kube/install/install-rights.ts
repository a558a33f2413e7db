import type { Right } from '../rights.ts'
import type { Manifest } from './object-names.ts'
import { KINDS } from './object-paths.ts'

interface Named { readonly kind: string, readonly metadata: { readonly namespace?: string } }

/** What a user must be able to do to apply these, each once. `undo`: also to take them away again. */
export function rightsToApply(manifests: readonly Manifest[], undo: boolean): Right[] {
  return distinct(manifests.flatMap(({ kind, metadata: { namespace } }) => ['get', 'create', 'patch', ...undo ? ['delete'] : []].map((verb) => rightOf(verb, kind, namespace))))
}

/** What a user must be able to do to find objects of these kinds; without a namespace in all. */
export function rightsToFind(kinds: readonly string[], namespace?: string): Right[] {
  return kinds.map((kind) => rightOf('list', kind, namespace))
}

/** What a user must be able to do to delete these, each once. */
export function rightsToDelete(objects: readonly Named[]): Right[] {
  return distinct(objects.map(({ kind, metadata: { namespace } }) => rightOf('delete', kind, namespace)))
}

function rightOf(verb: string, kind: string, namespace: string | undefined): Right {
  const { group, resource, namespaced } = KINDS[kind]!
  return { verb, group, resource, ...namespaced && namespace !== undefined && { namespace } }
}

function distinct(rights: readonly Right[]): Right[] {
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()]
}
