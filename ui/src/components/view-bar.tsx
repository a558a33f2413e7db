import type { JSX } from 'react'
import { VIEWS } from '../model/place.ts'
import { countText, nounText } from '../model/units.ts'
import { useCell } from '../services/cell.ts'
import { rows } from '../services/list.ts'
import { go, goToView, place } from '../services/navigation.ts'
import { ExportMenu } from './export-menu.tsx'
import { RangePicker } from './range-picker.tsx'
import { Tabs } from './tabs.tsx'

const LABELS = { list: 'List', map: 'Map', check: 'Check', statistics: 'Statistics', catalog: 'Catalog', health: 'Health' } as const

export function ViewBar(): JSX.Element {
  const { view } = useCell(place)
  return (
    <nav className="view-bar" aria-label="Views">
      <Tabs name="views" items={VIEWS.map((key) => ({ key, label: LABELS[key] }))} current={view} onChange={goToView} />
      <span className="grow" />
      <Counts />
      <HopsSwitch />
      <RangePicker />
      <ExportMenu />
    </nav>
  )
}

/** Each request once, or each of its hops; where hops of requests were joined, or may be. */
function HopsSwitch(): JSX.Element | null {
  const { view, hops } = useCell(place)
  const window = useCell(rows)
  const { furtherHops, isJoined, isLoaded } = useCell(window.state)
  if ((view !== 'list' && view !== 'statistics') || !isLoaded || (furtherHops === 0 && hops === 'joined')) return null
  const isAll = !isJoined
  const why = hops === 'joined' && isAll ? 'the filter names a hop, so that each hop is a row' : `a request is seen at each of its hops: ${nounText(furtherHops, 'further hop')}`
  return (
    <button type="button" className="button" aria-pressed={isAll} title={`All hops of each request (a): ${why}`} onClick={toggleHops}>
      All hops
    </button>
  )
}

export function toggleHops(): void {
  go({ hops: place.get().hops === 'all' ? 'joined' : 'all' })
}

function Counts(): JSX.Element {
  const window = useCell(rows)
  const { start, end, stored, searching, isLoaded, isJoined, furtherHops } = useCell(window.state)
  if (!isLoaded) return <span className="quiet">…</span>
  const found = end - start
  const text = found === stored ? nounText(stored, 'message') : `${countText(found)} of ${countText(stored)}`
  const otherEnds = found - window.rowCount
  const notes = [
    ...isJoined && furtherHops > 0 ? [`Each request once; ${nounText(furtherHops, 'further hop')} not counted`] : [],
    ...otherEnds > 0 ? [`${countText(otherEnds)} of those that were in sight are the other end of another one, on another node`] : [],
  ]
  if (searching === undefined) return <span className="counts" title={notes.length > 0 ? notes.join('. ') : undefined}>{text}</span>
  const share = searching.of === 0 ? 0 : Math.floor(searching.scanned / searching.of * 100)
  return <span className="counts" role="status">{text} <span className="quiet">· searched {share} %</span></span>
}
