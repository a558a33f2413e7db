interface Operation { readonly op: string, readonly path: string, readonly value?: unknown }

/** Applies operations `add` of a JSON Patch (RFC 6902 §4.1) as the API server does, for tests. Throws for any other, and for a place that is not there. */
export function applied(document: unknown, patch: readonly object[]): unknown {
  const root = { document: structuredClone(document) }
  for (const operation of patch as readonly Operation[]) add(root as Record<string, unknown>, operation)
  return root.document
}

function add(root: Record<string, unknown>, { op, path, value }: Operation): void {
  if (op !== 'add') throw new Error(`${op} is not what is expected here`)
  const keys = ['document', ...path.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))]
  const last = keys.pop()!
  let place: unknown = root
  for (const key of keys) {
    if (typeof place !== 'object' || place === null || !(key in place)) throw new Error(`${path}: there is no ${key}`)
    place = (place as Record<string, unknown>)[key]
  }
  if (!Array.isArray(place)) (place as Record<string, unknown>)[last] = value
  else if (last !== '-' && !(Number(last) <= place.length)) throw new Error(`${path}: out of range`)
  else place.splice(last === '-' ? place.length : Number(last), 0, value)
}
