/** What an expression yields. `null`: not there, which is no error. */
export type FilterValue = string | number | boolean | null | readonly FilterValue[] | Members | { readonly [key: string]: unknown }

/** Something with members of its own making: headers, cookies, a half of a message. */
export interface Members {
  member(key: string): FilterValue
  keys(): readonly string[]
  /** How many keys there are, where that is known without making them. */
  size?(): number
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && 'member' in value && typeof value.member === 'function'
}

/** A member of an object by its name, or of a list by its number; null where there is none. */
export function memberOf(value: FilterValue, key: FilterValue): FilterValue {
  if (value === null || typeof value !== 'object') return null
  if (Array.isArray(value)) return typeof key === 'number' ? (value as readonly FilterValue[])[key] ?? null : null
  if (typeof key !== 'string') return null
  if (isMembers(value)) return value.member(key)
  return Object.hasOwn(value, key) ? asValue((value as Record<string, unknown>)[key]) : null
}

export function asValue(value: unknown): FilterValue {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' ? null : value as FilterValue
}

/** Names of members, or the elements of a list: what a macro such as exists() walks. */
export function elementsOf(value: FilterValue): readonly FilterValue[] {
  if (value === null || typeof value !== 'object') return []
  if (Array.isArray(value)) return value as readonly FilterValue[]
  return isMembers(value) ? value.keys() : Object.keys(value)
}

export function sizeOf(value: FilterValue): number | null {
  if (typeof value === 'string') return value.length
  if (value === null || typeof value !== 'object') return null
  return isMembers(value) && value.size !== undefined ? value.size() : elementsOf(value).length
}

export function isEqual(a: FilterValue, b: FilterValue): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Negative, 0 or positive; NaN where the two are not of a kind, so that every comparison is false. Texts by their UTF-8 bytes, as SQLite does. */
export function compareValues(a: FilterValue, b: FilterValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  return NaN
}

function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    // Surrogates stand for what is behind U+FFFF, and so behind all other units (RFC 2781 §2.1).
    if (x !== y) return (isSurrogate(x) ? x + 0x10000 : x) - (isSurrogate(y) ? y + 0x10000 : y)
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000
}
