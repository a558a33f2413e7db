import type { JSX } from 'react'
import { Advice } from '../../components/advice.tsx'
import { nounText } from '../../model/units.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import { applyFilter } from '../../services/filter.ts'
import { liveHealth } from '../../services/live.ts'
import type { WindowState } from '../../services/message-window.ts'
import { go, goToView, place } from '../../services/navigation.ts'

/** No rows: why, and what to do. */
export function ListEmpty({ state }: { state: WindowState }): JSX.Element {
  const { q, fromMicros, toMicros } = useCell(place)
  const info = useCell(capture)
  const health = useCell(liveHealth)
  const { failure } = state
  if (failure !== undefined) {
    return (
      <div className="notice" role="alert">
        <h2>{failure.problem === undefined ? failure.message : 'The filter cannot be understood'}</h2>
        {failure.problem !== undefined && <p>{failure.problem.message}</p>}
        {(failure.problem?.hint ?? failure.hint) !== undefined && <p className="quiet">{failure.problem?.hint ?? failure.hint}</p>}
        {failure.problem !== undefined && <button type="button" className="button" onClick={() => applyFilter('')}>Without a filter</button>}
      </div>
    )
  }
  if (!state.isLoaded) return <div className="notice quiet">…</div>
  if (state.stored > 0) {
    return (
      <div className="notice">
        <h2>None of {nounText(state.stored, 'message')} passes</h2>
        <p className="quiet">{q !== '' && <>The filter is <code>{q}</code>. </>}{(fromMicros ?? toMicros) !== undefined && 'The range of time is limited.'}</p>
        {q !== '' && <button type="button" className="button" onClick={() => applyFilter('')}>Without the filter</button>}
        {(fromMicros ?? toMicros) !== undefined && <button type="button" className="button" onClick={() => go({ fromMicros: undefined, toMicros: undefined })}>All time</button>}
      </div>
    )
  }
  return (
    <div className="notice">
      <h2>{info?.kind === 'live' ? 'Nothing was said yet' : info?.files.some((file) => file.reading) === true ? 'Reading…' : 'No messages were found'}</h2>
      <Advice advice={health?.advice ?? []} />
      <button type="button" className="button" onClick={() => goToView('health')}>What was looked for: Health</button>
    </div>
  )
}
