import type { JSX } from 'react'
import { useState } from 'react'
import { useAnswer } from '../services/answer.ts'
import { ask } from '../services/api.ts'
import { Dialog } from './dialog.tsx'

/** The language on one page: examples that can be taken, fields, functions. */
export function FilterHelp({ onClose, onChoose }: { onClose: () => void, onChoose: (q: string) => void }): JSX.Element {
  const { value, failure } = useAnswer('fields', (signal) => ask('GET /api/v1/filter/fields', {}, {}, signal))
  const [search, setSearch] = useState('')
  const fields = value?.fields.filter(({ name, what, protocols }) => `${name} ${what} ${protocols.join(' ')}`.toLowerCase().includes(search.toLowerCase())) ?? []
  return (
    <Dialog title="Filter" onClose={onClose} wide>
      {failure !== undefined && <p className="tone-red" role="alert">{failure.message}</p>}
      <div className="filter-help scroll" tabIndex={0} role="group" aria-label="Examples and fields">
        <h3>Examples</h3>
        <ul>
          {value?.examples.map(({ q, what }) => (
            <li key={q}>
              <button
                type="button"
                className="link mono"
                onClick={() => {
                  onChoose(q)
                  onClose()
                }}
              >
                {q}
              </button>
              <span className="quiet"> {what}</span>
            </li>
          ))}
        </ul>
        <h3>Functions</h3>
        <table className="table">
          <tbody>{value?.functions.map(({ name, usage, what }) => <tr key={name}><td className="mono">{usage}</td><td>{what}</td></tr>)}</tbody>
        </table>
        <h3>
          Fields
          <input className="field" aria-label="Search fields" placeholder="search" value={search} onChange={(event) => setSearch(event.target.value)} />
        </h3>
        <table className="table">
          <tbody>
            {fields.map(({ name, type, what, protocols }) => (
              <tr key={name}><td className="mono">{name}</td><td className="quiet">{type}</td><td>{what}</td><td className="quiet">{protocols.join(' ')}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  )
}
