import { useEffect, useLayoutEffect, useRef } from 'react'
import type { UniformRows } from '../../components/uniform-rows.ts'
import { useCell } from '../../services/cell.ts'
import { cursor, isFollowing } from '../../services/list.ts'
import type { MessageWindow } from '../../services/message-window.ts'

export const ROW_PX = 26
/** Of the titles, which stay above the rows: as in list.css. */
export const HEAD_PX = 24

/** Keeps the end in sight while following; leaving the end by scrolling pauses, coming back to it goes on. */
export function useFollowing(virtual: UniformRows, window: MessageWindow, total: number): void {
  const follows = useCell(isFollowing)
  const { change, start } = useCell(window.state)
  const { scroller, scrollToRow, isAtEnd, first } = virtual
  const inSight = useRef({ window, position: 0, index: 0 })
  useLayoutEffect(() => {
    if (follows) scrollToRow(total - 1, 'end')
  }, [follows, window, start, total, scrollToRow])
  useLayoutEffect(() => {
    const { position, index } = inSight.current
    const element = scroller.current
    if (inSight.current.window !== window || element === null) return
    const now = window.indexOf(position)
    // The oldest went, older ones were found, or two rows turned out to be one: what is in sight stays in sight, unless that is the beginning.
    if (!follows && now !== index && element.scrollTop > 0) element.scrollTop += (now - index) * ROW_PX
    inSight.current = { window, position, index: now }
  }, [follows, window, change, scroller])
  useLayoutEffect(() => {
    inSight.current = { window, position: window.positionAt(first), index: first }
  }, [window, first])
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
export function useCursorInSight(virtual: UniformRows, window: MessageWindow): void {
  const at = useCell(cursor)
  const { scrollToRow } = virtual
  const scroll = useRef(scrollToRow)
  scroll.current = scrollToRow
  useEffect(() => {
    if (at !== undefined) scroll.current(window.indexOf(at), 'nearest')
    // Not when the list grows: only when the cursor moves.
  }, [at])
}
