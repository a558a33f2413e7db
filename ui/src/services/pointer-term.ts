import type { FilterValue } from '../model/filter-term.ts'
import { memberOf } from '../model/filter-term.ts'
import { addTerm } from './filter.ts'

/** Adds the condition that a value within a field has: `request.body.json["a"][0] == 1`. `pointer` is a JSON pointer (RFC 6901). */
export function addPointerTerm(field: string, pointer: string, value: unknown, isExcluded: boolean): void {
  if (!isFilterValue(value)) return
  addTerm(pointerField(field, pointer), value, isExcluded)
}

function pointerField(field: string, pointer: string): string {
  const tokens = pointer.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  return tokens.reduce((path, token) => {
    if (/^\d+$/.test(token)) return `${path}[${token}]`
    return /^[A-Za-z_]\w*$/.test(token) ? `${path}.${token}` : memberOf(path, token)
  }, field)
}

function isFilterValue(value: unknown): value is FilterValue {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
