import type { JSX, KeyboardEvent, PointerEvent } from 'react'

const LEAST = 0.2
const MOST = 0.8
const KEY_STEP = 0.04

/** The border between list and detail: dragged, or moved by the arrows. `share` is the part of what lies behind it. */
export function Splitter({ share, onChange }: { share: number, onChange: (share: number) => void }): JSX.Element {
  const set = (next: number): void => onChange(Math.max(LEAST, Math.min(MOST, next)))
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: KEY_STEP, ArrowUp: KEY_STEP, ArrowRight: -KEY_STEP, ArrowDown: -KEY_STEP }[event.key]
    if (step === undefined) return
    event.preventDefault()
    event.stopPropagation()
    set(share + step)
  }
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const box = event.currentTarget.parentElement!.getBoundingClientRect()
    const isBelow = getComputedStyle(event.currentTarget.parentElement!).flexDirection === 'column'
    set(isBelow ? (box.bottom - event.clientY) / box.height : (box.right - event.clientX) / box.width)
  }
  return (
    <div
      className="splitter"
      role="separator"
      tabIndex={0}
      aria-label="Size of the message"
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={LEAST * 100}
      aria-valuemax={MOST * 100}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
    />
  )
}
