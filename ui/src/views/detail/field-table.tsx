import type { JSX } from 'react'
import { useState } from 'react'
import type { FieldRow } from '../../model/half-sections.ts'
import { visibleText } from '../../model/visible-text.ts'
import { copyText } from '../../services/clipboard.ts'
import { addTerm } from '../../services/filter.ts'

/** More rows than anyone reads are shown when asked for: a peer may send a million headers. */
const ROWS_SHOWN = 100
const CHARS_SHOWN = 2000

/** Names and values. A click on a value adds it to the filter, where the language has it; else it is copied. */
export function FieldTable({ rows }: { rows: readonly FieldRow[] }): JSX.Element {
  const [isAll, setAll] = useState(false)
  const shown = isAll ? rows : rows.slice(0, ROWS_SHOWN)
  return (
    <table className="fields">
      <tbody>
        {shown.map((row, at) => (
          <tr key={`${at} ${row.name}`}>
            <th scope="row">{visibleText(row.name)}</th>
            <td><FieldValue row={row} /></td>
          </tr>
        ))}
        {shown.length < rows.length && (
          <tr><th scope="row" /><td><button type="button" className="link" onClick={() => setAll(true)}>{rows.length - shown.length} more</button></td></tr>
        )}
      </tbody>
    </table>
  )
}

function FieldValue({ row }: { row: FieldRow }): JSX.Element {
  const { value, term } = row
  const text = visibleText(value.length > CHARS_SHOWN ? `${value.slice(0, CHARS_SHOWN)}… (${value.length} characters)` : value)
  if (term === undefined) {
    return <button type="button" className="value mono" title="Copy" onClick={() => void copyText(value, row.name)}>{text === '' ? <span className="quiet">(empty)</span> : text}</button>
  }
  return (
    <button type="button" className="value mono addable" title="Add to the filter (Alt: exclude)" onClick={(event) => addTerm(term[0], term[1], event.altKey)}>
      {text === '' ? <span className="quiet">(empty)</span> : text}
    </button>
  )
}
