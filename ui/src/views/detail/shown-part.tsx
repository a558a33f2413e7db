import type { JSX } from 'react'
import { useState } from 'react'

const STEP = 50

/** The first of a long list, and a button for more. */
export function useShownPart<T>(items: readonly T[]): { shown: readonly T[], more: JSX.Element | null } {
  const [count, setCount] = useState(STEP)
  const rest = items.length - count
  return {
    shown: items.slice(0, count),
    more: rest <= 0 ? null : <li><button type="button" className="link" onClick={() => setCount(count + STEP * 4)}>{rest} more</button></li>,
  }
}
