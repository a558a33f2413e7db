import type { Zone } from '../model/instant.ts'
import { isColumnWidths } from '../model/column-widths.ts'
import type { ColumnWidths } from '../model/column-widths.ts'
import { COLUMNS, DEFAULT_COLUMNS } from '../model/columns.ts'
import { isStrings, rememberedCell } from './remembered.ts'

/** Choices of this browser's user that do not belong into an address. */
export const zone = rememberedCell<Zone>('zone', 'UTC', (value): value is Zone => value === 'UTC' || value === 'local')

/** Keys of the list's columns, in the order of the table. */
export const columns = rememberedCell<string[]>('columns', [...DEFAULT_COLUMNS], (value): value is string[] => {
  return isStrings(value) && value.length > 0 && value.every((key) => COLUMNS.some((column) => column.key === key))
})

/** What the user made of their widths. */
export const columnWidths = rememberedCell<ColumnWidths>('widths', {}, isColumnWidths)

/** Filters that were applied lately, newest first. */
export const filterHistory = rememberedCell<string[]>('history', [], isStrings)
/** Filters that the user keeps. */
export const savedFilters = rememberedCell<string[]>('filters', [], isStrings)

const HISTORY_LENGTH = 30

export function rememberFilter(q: string): void {
  if (q.trim() === '') return
  filterHistory.set([q, ...filterHistory.get().filter((old) => old !== q)].slice(0, HISTORY_LENGTH))
}

export function toggleSaved(q: string): void {
  const saved = savedFilters.get()
  savedFilters.set(saved.includes(q) ? saved.filter((old) => old !== q) : [...saved, q])
}

/** Share of the width that the detail takes. */
export const detailShare = rememberedCell<number>('detail', 0.44, (value): value is number => typeof value === 'number' && value >= 0.2 && value <= 0.8)
