import type { JSX } from 'react'
import { useRef } from 'react'
import { countText } from '../../model/units.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import { isFollowing } from '../../services/list.ts'

/** While the list is paused on live traffic: how many came since, and the way back. */
export function LiveJump({ end, onJump }: { end: number, onJump: () => void }): JSX.Element | null {
  const follows = useCell(isFollowing)
  const info = useCell(capture)
  const leftAt = useRef<number | undefined>(undefined)
  if (follows || info?.kind !== 'live') {
    leftAt.current = undefined
    return null
  }
  leftAt.current ??= end
  const since = Math.max(0, end - leftAt.current)
  return (
    <button type="button" className="button primary live-jump" onClick={onJump}>
      {since === 0 ? 'To the newest ↓' : `${countText(since)} new ↓`}
    </button>
  )
}
