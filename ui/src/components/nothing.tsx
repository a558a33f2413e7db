import type { JSX, ReactNode } from 'react'
import { Advice } from './advice.tsx'
import { nounText } from '../model/units.ts'
import { useCell } from '../services/cell.ts'
import { applyFilter } from '../services/filter.ts'
import { rows } from '../services/list.ts'
import { liveHealth } from '../services/live.ts'
import { go, goToView, place } from '../services/navigation.ts'

/** A view without anything to show: the filter or the range that hides it, or else what the capture lacks; and the way on. `children`: what the view itself knows of why. */
export function Nothing({ title, children }: { title: string, children?: ReactNode }): JSX.Element {
  const { q, fromMicros, toMicros } = useCell(place)
  const window = useCell(rows)
  const { stored } = useCell(window.state)
  const health = useCell(liveHealth)
  const isRanged = (fromMicros ?? toMicros) !== undefined
  const isNarrowed = stored > 0 && (q !== '' || isRanged)
  return (
    <div className="notice">
      <h2>{title}</h2>
      {isNarrowed
        ? <p className="quiet">Of {nounText(stored, 'message')} {q !== '' && <>only those that pass <code>{q}</code> are looked at{isRanged && ', '}</>}{isRanged && 'only a part of the time'}.</p>
        : stored > 0 ? <p className="quiet">{nounText(stored, 'message')} were looked at.</p> : <Advice advice={health?.advice ?? []} />}
      {children}
      {isNarrowed && q !== '' && <button type="button" className="button" onClick={() => applyFilter('')}>Without the filter</button>}
      {isNarrowed && isRanged && <button type="button" className="button" onClick={() => go({ fromMicros: undefined, toMicros: undefined })}>All time</button>}
      <button type="button" className="button" onClick={() => goToView('health')}>What was looked for: Health</button>
    </div>
  )
}
