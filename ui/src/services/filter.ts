import type { FilterValue } from '../model/filter-term.ts'
import { filterTerm, withTerm } from '../model/filter-term.ts'
import { go, place } from './navigation.ts'
import { rememberFilter } from './settings.ts'

/** Makes it the filter of all views. */
export function applyFilter(q: string): void {
  const text = q.trim()
  rememberFilter(text)
  if (text !== place.get().q) go({ q: text })
}

/** What a click on a value does: one more condition, or with Alt its contrary. */
export function addTerm(field: string, value: FilterValue, isExcluded: boolean): void {
  applyFilter(withTerm(place.get().q, filterTerm(field, value, isExcluded)))
}
