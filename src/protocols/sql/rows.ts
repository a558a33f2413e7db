/** Rows as objects by the names of their columns; of two columns of one name the second becomes `name#2`. */
export function rowsByName(names: readonly string[], rows: readonly (readonly unknown[])[]): Record<string, unknown>[] {
  const keys = uniqueNames(names)
  return rows.map((row) => Object.fromEntries(row.map((value, i) => [keys[i] ?? `column${i + 1}`, value])))
}

function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}#${count}`
  })
}

/** A number where it is exact, else the digits. */
export function exactNumber(digits: bigint): number | string {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : String(digits)
}
