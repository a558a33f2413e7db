import type { JSX } from 'react'
import { memo } from 'react'
import type { MessageRow } from '../../../../src/model/api.ts'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import type { Column } from '../../model/columns.ts'
import type { Zone } from '../../model/instant.ts'
import { outcomeWord } from '../../model/outcome.ts'
import { visibleText } from '../../model/visible-text.ts'
import { addTerm } from '../../services/filter.ts'

interface Props {
  readonly row: MessageRow
  readonly index: number
  readonly position: number
  readonly columns: readonly Column[]
  readonly zone: Zone
  readonly isSelected: boolean
  readonly isMarked: boolean
  readonly onSelect: (position: number) => void
}

export const ListRow = memo(function ListRow({ row, index, position, columns, zone, isSelected, isMarked, onSelect }: Props): JSX.Element {
  return (
    <div
      className={`row ${isSelected ? 'selected' : ''} ${isMarked ? 'marked' : ''} ${row.complete ? '' : 'incomplete'}`}
      role="row"
      id={`row-${row.id}`}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      onClick={() => onSelect(position)}
    >
      {columns.map((column) => <Cell key={column.key} column={column} row={row} zone={zone} />)}
    </div>
  )
})

function Cell({ column, row, zone }: { column: Column, row: MessageRow, zone: Zone }): JSX.Element {
  const text = visibleText(column.text(row, zone))
  const term = column.term?.(row)
  return (
    <span
      role="gridcell"
      className={`cell ${column.isNumber === true ? 'number' : ''} ${column.tone?.(row) ?? ''} cell-${column.key}`}
      title={column.key === 'status' ? outcomeWord(row.outcome) : text}
    >
      {column.key === 'wire' ? <VerdictSign verdict={row.verdict} /> : <span className="cut">{text}</span>}
      {column.key === 'what' && !row.complete && <span className="tone-amber incomplete-sign" title="A part is missing">◐<span className="unseen"> incomplete</span></span>}
      {term !== undefined && (
        <button
          type="button"
          className="add"
          tabIndex={-1}
          aria-label="Add to the filter"
          title={`${term[0]} == ${JSON.stringify(term[1])} (Alt: exclude)`}
          onClick={(event) => {
            event.stopPropagation()
            addTerm(term[0], term[1], event.altKey)
          }}
        >
          +
        </button>
      )}
    </span>
  )
}
