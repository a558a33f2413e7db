import type { Column } from './columns.ts'

/** What the user made of a column: a width of its own, or another share of what the others leave. */
export type ColumnWidth = { readonly px: number } | { readonly share: number }
/** By key; a column without one is as it was at first. */
export type ColumnWidths = Readonly<Record<string, ColumnWidth>>
type Sized = Pick<Column, 'key' | 'leastPx' | 'share'>

export const NARROWEST_PX = 24
export const WIDEST_PX = 2000
/** Between two columns, and beside all of them: as in list.css. */
const GAP_PX = 8
const EDGES_PX = 28

/** `64px minmax(62px, 0.8fr) …`: columns of a grid. */
export function gridColumns(columns: readonly Sized[], widths: ColumnWidths): string {
  return columns.map((column) => {
    const width = widthOf(column, widths)
    return 'px' in width ? `${width.px}px` : `minmax(${column.leastPx}px, ${width.share}fr)`
  }).join(' ')
}

/** What all of them need at least; with less the list scrolls sideways. */
export function leastWidthPx(columns: readonly Sized[], widths: ColumnWidths): number {
  const own = columns.map((column) => {
    const width = widthOf(column, widths)
    return 'px' in width ? width.px : column.leastPx
  })
  return own.reduce((sum, px) => sum + px, 0) + GAP_PX * Math.max(0, columns.length - 1) + EDGES_PX
}

/**
 * One column gets a width of its own. Those before it keep what they have, so that its far edge is where it was put; those with a share behind it give what it takes. Where
 * none is behind it, those before give. `shownPx`: how wide each is now.
 */
export function resizedColumns(columns: readonly Sized[], widths: ColumnWidths, shownPx: ReadonlyMap<string, number>, key: string, px: number): ColumnWidths {
  const at = columns.findIndex((column) => column.key === key)
  if (at < 0) return widths
  const bounded = Math.round(Math.max(NARROWEST_PX, Math.min(WIDEST_PX, px)))
  const isFlexible = (column: Sized): boolean => column.key !== key && 'share' in widthOf(column, widths)
  const now = (column: Sized): number => shownPx.get(column.key) ?? column.leastPx
  const flexible = columns.filter(isFlexible)
  const behind = columns.slice(at + 1).filter(isFlexible)
  const givers = new Set(behind.length > 0 ? behind : flexible)
  const givenPx = sumOf([...givers], now)
  const left = givenPx === 0 ? 1 : Math.max(0, givenPx - (bounded - now(columns[at]!))) / givenPx
  const nextPx = (column: Sized): number => Math.max(1, now(column) * (givers.has(column) ? left : 1))
  // Shares stay as large as they were in all, so that a column which is shown later gets its part.
  const scale = sumOf(flexible, (column) => column.share ?? 1) / Math.max(1, sumOf(flexible, nextPx))
  return { ...widths, ...Object.fromEntries(flexible.map((column) => [column.key, { share: rounded(nextPx(column) * scale) }])), [key]: { px: bounded } }
}

/** One column as it was at first. */
export function resetColumn(widths: ColumnWidths, key: string): ColumnWidths {
  return Object.fromEntries(Object.entries(widths).filter(([other]) => other !== key))
}

/** Guards what a browser kept. */
export function isColumnWidths(value: unknown): value is ColumnWidths {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((width: unknown) => {
    const { px, share } = (width ?? {}) as { px?: unknown, share?: unknown }
    return typeof px === 'number' ? px >= NARROWEST_PX && px <= WIDEST_PX : typeof share === 'number' && share > 0 && share < 1000
  })
}

function widthOf(column: Sized, widths: ColumnWidths): ColumnWidth {
  return widths[column.key] ?? (column.share === undefined ? { px: column.leastPx } : { share: column.share })
}

function sumOf(columns: readonly Sized[], size: (column: Sized) => number): number {
  return columns.reduce((sum, column) => sum + size(column), 0)
}

function rounded(share: number): number {
  return Math.max(0.0001, Math.round(share * 10_000) / 10_000)
}
