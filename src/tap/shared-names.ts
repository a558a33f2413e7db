export type AddressNames = Readonly<Record<string, string>>

/** Puts names into a map; '' takes one out. */
export function applyNames(names: Map<string, string>, changes: AddressNames): void {
  for (const key in changes) {
    const name = changes[key]!
    if (name === '') names.delete(key)
    else names.set(key, name)
  }
}

/** The same of a record, in which those that are taken out leave nothing. It is changed. */
export function namesAfter(names: Record<string, string>, changes: AddressNames): Record<string, string> {
  for (const key in changes) {
    const name = changes[key]!
    if (name === '') delete names[key]
    else names[key] = name
  }
  return names
}

/** What makes `after` of `before`, for `applyNames`; undefined where nothing does. */
export function nameChanges(before: AddressNames, after: AddressNames): Record<string, string> | undefined {
  const changes: Record<string, string> = {}
  let some = false
  for (const key in after) {
    if (before[key] === after[key]) continue
    changes[key] = after[key]!
    some = true
  }
  for (const key in before) {
    if (key in after) continue
    changes[key] = ''
    some = true
  }
  return some ? changes : undefined
}
