import type { FieldInfo } from '../../model/api.ts'
import { memberOfHalf } from './lazy-json.ts'
import type { FilterSubject } from './subject.ts'
import type { FilterValue } from './value.ts'

/** A field of the filter language. */
export interface Field extends FieldInfo {
  readonly get: (subject: FilterSubject) => FilterValue
  /** Other names of it, of other dialects. */
  readonly aliases?: readonly string[]
}

type Rest = Partial<Pick<Field, 'protocols' | 'values' | 'aliases'>>

export function field(name: string, type: Field['type'], what: string, get: Field['get'], rest: Rest = {}): Field {
  return { name, type, what, get, protocols: [], values: false, ...rest }
}

/** A member of `request` or `response` as docs/protocols/ has it, by a path; null where it is not there. */
export function inRequest(...path: readonly (string | number)[]): Field['get'] {
  return (s) => walk(s.request, path)
}

export function inResponse(...path: readonly (string | number)[]): Field['get'] {
  return (s) => walk(s.response, path)
}

/** `''` or 0 where there is nothing, as KFL2 has it for its scalars. */
export function textOf(get: Field['get'], ...protocols: readonly string[]): Field['get'] {
  return (s) => {
    const value = protocols.length > 0 && !protocols.includes(s.protocol) ? null : get(s)
    return typeof value === 'string' ? value : value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
}

export function numberOf(get: Field['get'], none: number, ...protocols: readonly string[]): Field['get'] {
  return (s) => {
    const value = protocols.length > 0 && !protocols.includes(s.protocol) ? null : get(s)
    return typeof value === 'number' ? value : typeof value === 'string' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : none
  }
}

function walk(from: object | undefined, path: readonly (string | number)[]): FilterValue {
  let value: unknown = from
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return null
    value = memberOfHalf(value, key)
  }
  return value === undefined ? null : value as FilterValue
}
