import type { JSX, KeyboardEvent, PointerEvent } from 'react'
import { useRef, useState } from 'react'
import { resetColumn, resizedColumns } from '../../model/column-widths.ts'
import type { Column } from '../../model/columns.ts'
import { columnWidths } from '../../services/settings.ts'
import { contentWidthPx, shownWidths } from './column-measure.ts'

const STEP_PX = 8

/** Titles of the columns. An edge is dragged, or moved by Shift with the arrows; a double click on it, or Enter, fits the column to what is in sight. */
export function ListHead({ columns }: { columns: readonly Column[] }): JSX.Element {
  const row = useRef<HTMLDivElement>(null)
  /** The one that Tab comes to. */
  const [current, setCurrent] = useState(0)
  const focus = (at: number): void => {
    const next = Math.max(0, Math.min(columns.length - 1, at))
    setCurrent(next)
    row.current?.querySelectorAll<HTMLElement>('[role=columnheader]')[next]?.focus()
  }
  return (
    <div className="list-head" role="rowgroup">
      <div className="row" role="row" aria-rowindex={1} ref={row}>
        {columns.map((column, at) => (
          <span
            key={column.key}
            role="columnheader"
            aria-colindex={at + 1}
            tabIndex={at === Math.min(current, columns.length - 1) ? 0 : -1}
            className={`cell ${column.isNumber === true ? 'number' : ''}`}
            data-key={column.key}
            title={`${column.title}: drag its edge, or Shift ← →; double click or Enter fits it; Delete: as at first`}
            onFocus={() => setCurrent(at)}
            onKeyDown={(event) => onHeadKey(event, columns, column, (step) => focus(at + step))}
          >
            <span className="cut">{column.title}</span>
            <ColumnEdge columns={columns} column={column} />
          </span>
        ))}
      </div>
    </div>
  )
}

function onHeadKey(event: KeyboardEvent<HTMLElement>, columns: readonly Column[], column: Column, move: (step: number) => void): void {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (step !== undefined && event.shiftKey) resize(columns, column, widthOf(event.currentTarget) + step * STEP_PX)
  else if (step !== undefined) move(step)
  else if (event.key === 'Enter') fit(columns, column)
  else if (event.key === 'Delete' || event.key === 'Backspace') columnWidths.set(resetColumn(columnWidths.get(), column.key))
  else return
  event.preventDefault()
  event.stopPropagation()
}

/** Where a drag began: how wide all of them were then. */
interface Drag { readonly x: number, readonly px: number, readonly shownPx: ReadonlyMap<string, number>, readonly widths: ReturnType<typeof columnWidths.get> }

function ColumnEdge({ columns, column }: { columns: readonly Column[], column: Column }): JSX.Element {
  const drag = useRef<Drag | undefined>(undefined)
  const onDown = (event: PointerEvent<HTMLElement>): void => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    drag.current = { x: event.clientX, px: widthOf(event.currentTarget.parentElement!), shownPx: shownWidths(), widths: columnWidths.get() }
  }
  const onMove = (event: PointerEvent<HTMLElement>): void => {
    const start = drag.current
    if (start === undefined || event.clientX === start.x) return
    columnWidths.set(resizedColumns(columns, start.widths, start.shownPx, column.key, start.px + event.clientX - start.x))
  }
  const onEnd = (): void => {
    drag.current = undefined
  }
  return <span className="column-edge" aria-hidden="true" onPointerDown={onDown} onPointerMove={onMove} onPointerUp={onEnd} onPointerCancel={onEnd} onDoubleClick={() => fit(columns, column)} />
}

function fit(columns: readonly Column[], column: Column): void {
  resize(columns, column, contentWidthPx(column.key))
}

function resize(columns: readonly Column[], column: Column, px: number): void {
  columnWidths.set(resizedColumns(columns, columnWidths.get(), shownWidths(), column.key, px))
}

function widthOf(head: HTMLElement): number {
  return head.getBoundingClientRect().width
}
