import type { RefObject } from 'react'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Browsers lay out no element beyond some 17 million pixels (Firefox) or 33 million (Chromium). */
export const MAX_HEIGHT_PX = 15_000_000

export interface UniformRows {
  /** The element that scrolls; its last child gets heightPx. */
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly heightPx: number
  /** Rows to show: from first, count of them, the first at topPx. */
  readonly first: number
  readonly count: number
  readonly topPx: number
  /** True where the last row is in sight, or was when rows were added. */
  isAtEnd(): boolean
  /** The first row that is wholly in sight; `first` has some more above it. */
  firstInSight(): number
  /** `nearest` moves as little as brings the row into sight; a row further away than a page comes into the middle. */
  scrollToRow(index: number, where: 'nearest' | 'end' | 'center'): void
}

interface Span { readonly first: number, readonly count: number, readonly topPx: number }

const OVERSCAN = 6

/**
 * Which of `total` rows of one height are in sight. Costs the same for ten rows and for ten million: nothing is kept a row.
 * `headPx`: height of a head that stays above the rows, within the same element.
 * Where all rows together are higher than a browser can lay out, a movement within a page stays exact and the scroll bar jumps in proportion.
 */
export function useUniformRows(total: number, rowPx: number, headPx = 0): UniformRows {
  const scroller = useRef<HTMLDivElement>(null)
  const fullPx = total * rowPx
  const heightPx = Math.min(fullPx, MAX_HEIGHT_PX)
  /** What was scrolled to, in pixels of all rows; and where the scroll bar stood then. */
  const at = useRef({ virtualPx: 0, barPx: 0 })
  const [span, setSpan] = useState<Span>({ first: 0, count: 0, topPx: 0 })

  const update = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    const viewPx = element.clientHeight - headPx
    at.current = { virtualPx: virtualTop(element.scrollTop, at.current, viewPx, fullPx, heightPx), barPx: element.scrollTop }
    const next = spanOf(at.current.virtualPx, element.scrollTop, viewPx, total, rowPx)
    setSpan((old) => (old.first === next.first && old.count === next.count && old.topPx === next.topPx ? old : next))
  }, [total, rowPx, headPx, fullPx, heightPx])

  useLayoutEffect(update, [update])
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const observer = new ResizeObserver(update)
    observer.observe(element)
    element.addEventListener('scroll', update, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', update)
    }
  }, [update])

  const scrollToRow = useCallback((index: number, where: 'nearest' | 'end' | 'center') => {
    const element = scroller.current
    if (element === null) return
    const viewPx = element.clientHeight - headPx
    const target = targetPx(index * rowPx, where, at.current.virtualPx, viewPx, rowPx)
    const limited = Math.max(0, Math.min(target, fullPx - viewPx))
    element.scrollTop = heightPx === fullPx ? limited : limited / (fullPx - viewPx) * (heightPx - viewPx)
    at.current = { virtualPx: limited, barPx: element.scrollTop }
    update()
  }, [rowPx, headPx, fullPx, heightPx, update])

  const isAtEnd = useCallback(() => {
    const element = scroller.current
    return element === null || at.current.virtualPx + element.clientHeight - headPx >= fullPx - rowPx
  }, [fullPx, rowPx, headPx])

  const firstInSight = useCallback(() => Math.ceil(at.current.virtualPx / rowPx), [rowPx])

  return { scroller, heightPx, ...span, isAtEnd, firstInSight, scrollToRow }
}

/** Rows in sight; an array for rendering. */
export function rowIndexes({ first, count }: { readonly first: number, readonly count: number }): number[] {
  return Array.from({ length: count }, (_, i) => first + i)
}

function virtualTop(barPx: number, before: { virtualPx: number, barPx: number }, viewPx: number, fullPx: number, heightPx: number): number {
  if (fullPx === heightPx) return barPx
  const mostPx = fullPx - viewPx
  const mostBarPx = heightPx - viewPx
  if (barPx <= 0) return 0
  if (barPx >= mostBarPx - 1) return mostPx
  const moved = barPx - before.barPx
  if (Math.abs(moved) < 2 * viewPx) return Math.max(0, Math.min(mostPx, before.virtualPx + moved))
  return barPx / mostBarPx * mostPx
}

function spanOf(virtualPx: number, barPx: number, viewPx: number, total: number, rowPx: number): Span {
  const first = Math.max(0, Math.floor(virtualPx / rowPx) - OVERSCAN)
  const last = Math.min(total, Math.ceil((virtualPx + viewPx) / rowPx) + OVERSCAN)
  return { first, count: Math.max(0, last - first), topPx: barPx - virtualPx + first * rowPx }
}

function targetPx(rowTopPx: number, where: 'nearest' | 'end' | 'center', virtualPx: number, viewPx: number, rowPx: number): number {
  if (where === 'end') return rowTopPx + rowPx - viewPx
  const isFar = rowTopPx < virtualPx - viewPx || rowTopPx > virtualPx + 2 * viewPx
  if (where === 'center' || isFar) return rowTopPx - (viewPx - rowPx) / 2
  if (rowTopPx < virtualPx) return rowTopPx
  return rowTopPx + rowPx > virtualPx + viewPx ? rowTopPx + rowPx - viewPx : virtualPx
}
