import type { Right } from '../rights.ts'
import type { Manifest } from './object-names.ts'
import { KINDS } from './object-paths.ts'

/** What a user must be able to do to apply these, each once. `undo`: also to take them away again. */
export function rightsToApply(manifests: readonly Manifest[], undo: boolean): Right[] {
  return distinct(manifests.flatMap(({ kind, metadata: { namespace } }) => ['get', 'create', 'patch', ...undo ? ['delete'] : []].map((verb) => rightOf(verb, kind, namespace))))
}

/** What a user must be able to do to find and delete objects of these kinds. */
export function rightsToRemove(kinds: readonly string[], namespace: string): Right[] {
  return distinct(kinds.flatMap((kind) => ['list', 'delete'].map((verb) => rightOf(verb, kind, KINDS[kind]!.namespaced ? namespace : undefined))))
}

function rightOf(verb: string, kind: string, namespace: string | undefined): Right {
  const { group, resource, namespaced } = KINDS[kind]!
  return { verb, group, resource, ...namespaced && namespace !== undefined && { namespace } }
}

function distinct(rights: readonly Right[]): Right[] {
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()]
}
