import type { JSX } from 'react'
import type { ApiFailure } from '../services/api.ts'
import { applyFilter } from '../services/filter.ts'

/** What a view shows instead of an answer: why there is none, or that it is on its way. */
export function ViewFailure({ failure }: { failure: ApiFailure | undefined }): JSX.Element {
  if (failure === undefined) return <div className="progress" role="progressbar" aria-label="Loading" />
  const { problem } = failure
  return (
    <div className="notice" role="alert">
      <h2>{problem === undefined ? failure.message : 'The filter cannot be understood'}</h2>
      {problem !== undefined && <p>{problem.message}</p>}
      {(problem?.hint ?? failure.hint) !== undefined && <p className="quiet">{problem?.hint ?? failure.hint}</p>}
      {problem !== undefined && <button type="button" className="button" onClick={() => applyFilter('')}>Without a filter</button>}
    </div>
  )
}
