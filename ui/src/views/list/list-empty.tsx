import type { JSX } from 'react'
import { Nothing } from '../../components/nothing.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import { nounText } from '../../model/units.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import type { WindowState } from '../../services/message-window.ts'

/** No rows: why, and what to do. */
export function ListEmpty({ state }: { state: WindowState }): JSX.Element {
  const info = useCell(capture)
  if (state.failure !== undefined) return <ViewFailure failure={state.failure} />
  if (!state.isLoaded) return <div className="notice quiet">…</div>
  if (state.stored > 0) return <Nothing title={`None of ${nounText(state.stored, 'message')} passes`} />
  return <Nothing title={info?.kind === 'live' ? 'Nothing was said yet' : info?.files.some((file) => file.reading) === true ? 'Reading…' : 'No messages were found'} />
}
