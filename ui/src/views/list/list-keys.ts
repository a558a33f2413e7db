import type { UniformRows } from '../../components/uniform-rows.ts'
import { useKeys } from '../../services/keyboard.ts'
import { cursor, isFollowing, marks, moveCursor, rows, selectPosition, toggleMark } from '../../services/list.ts'
import { go, place } from '../../services/navigation.ts'

/** The keys of the list. */
export function useListKeys(virtual: UniformRows): void {
  const page = Math.max(1, virtual.count - 14)
  const move = (step: number) => (): void => moveCursor(step, rows.get().positionAt(virtual.firstInSight()))
  const edge = (isEnd: boolean) => (): void => {
    const { start: from, end } = rows.get().state.get()
    selectPosition(isEnd ? end - 1 : from)
    // Also where the cursor is there already, and the list was scrolled away or has folded rows since.
    const at = cursor.get()
    if (at !== undefined) virtual.scrollToRow(rows.get().indexOf(at), 'nearest')
  }
  useKeys({
    j: move(1), ArrowDown: move(1), k: move(-1), ArrowUp: move(-1), PageDown: move(page), PageUp: move(-page), Home: edge(false), End: edge(true),
    Enter: () => (place.get().selected === undefined ? moveCursor(0, rows.get().positionAt(virtual.firstInSight())) : focusDetail()),
    p: () => isFollowing.set(!isFollowing.get()),
    x: markCursor,
    c: compareMarked,
  })
}

function focusDetail(): void {
  document.querySelector<HTMLElement>('.detail [role=tab][aria-selected=true]')?.focus()
}

function markCursor(): void {
  const at = cursor.get()
  const row = at === undefined ? undefined : rows.get().rowAt(at)
  if (row !== undefined) toggleMark(row)
}

function compareMarked(): boolean {
  const [a, b, more] = [...marks.get()]
  if (a === undefined || b === undefined || more !== undefined) return false
  go({ compare: [a, b] })
  return true
}
