import { useEffect, useLayoutEffect, useRef } from 'react'
import type { UniformRows } from '../../components/uniform-rows.ts'
import { useCell } from '../../services/cell.ts'
import { cursor, isFollowing } from '../../services/list.ts'
import type { MessageWindow } from '../../services/message-window.ts'

export const ROW_PX = 26
/** Of the titles, which stay above the rows: as in list.css. */
export const HEAD_PX = 24

/** Keeps the end in sight while following; leaving the end by scrolling pauses, coming back to it goes on. */
export function useFollowing(virtual: UniformRows, window: MessageWindow, start: number, end: number): void {
  const follows = useCell(isFollowing)
  const { scroller, scrollToRow, isAtEnd } = virtual
  const before = useRef({ window, start })
  useLayoutEffect(() => {
    if (follows) scrollToRow(end - start - 1, 'end')
    else if (before.current.window === window && before.current.start !== start && (scroller.current?.scrollTop ?? 0) > 0 && scroller.current !== null) {
      // The oldest went, or older ones were found: what is in sight stays in sight, unless that is the beginning.
      scroller.current.scrollTop += (before.current.start - start) * ROW_PX
    }
    before.current = { window, start }
  }, [follows, window, start, end, scroller, scrollToRow])
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    // Only what the user does: a list that grows scrolls, too.
    const onUser = (): void => {
      requestAnimationFrame(() => isFollowing.set(isAtEnd()))
    }
    // On the scroll bar: what is pressed there is not in a row.
    const onBar = (event: PointerEvent): void => {
      if (event.target === element) onUser()
    }
    element.addEventListener('wheel', onUser, { passive: true })
    element.addEventListener('touchmove', onUser, { passive: true })
    element.addEventListener('pointerup', onBar)
    return () => {
      element.removeEventListener('wheel', onUser)
      element.removeEventListener('touchmove', onUser)
      element.removeEventListener('pointerup', onBar)
    }
  }, [scroller, isAtEnd])
}

/** Scrolls to the row that the keys moved to. */
export function useCursorInSight(virtual: UniformRows, start: number): void {
  const at = useCell(cursor)
  const { scrollToRow } = virtual
  const scroll = useRef(scrollToRow)
  scroll.current = scrollToRow
  useEffect(() => {
    if (at !== undefined) scroll.current(at - start, 'nearest')
    // Not when the list grows: only when the cursor moves.
  }, [at])
}
