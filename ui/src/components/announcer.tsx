import type { JSX } from 'react'
import { announcement } from '../services/announce.ts'
import { useCell } from '../services/cell.ts'

export function Announcer(): JSX.Element {
  const text = useCell(announcement)
  return <div className={text === '' ? 'announcer empty' : 'announcer'} role="status" aria-live="polite">{text}</div>
}
