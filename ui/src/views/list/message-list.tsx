import type { JSX } from 'react'
import { useEffect, useMemo } from 'react'
import { rowIndexes, useUniformRows } from '../../components/uniform-rows.ts'
import type { UniformRows } from '../../components/uniform-rows.ts'
import { gridColumns, leastWidthPx } from '../../model/column-widths.ts'
import type { Column } from '../../model/columns.ts'
import { columnsOf } from '../../model/columns.ts'
import { useCell } from '../../services/cell.ts'
import { isFollowing, marks, rows, selectPosition } from '../../services/list.ts'
import type { MessageWindow } from '../../services/message-window.ts'
import { place } from '../../services/navigation.ts'
import { columns as chosenColumns, columnWidths, zone } from '../../services/settings.ts'
import { ColumnsButton } from './columns-dialog.tsx'
import { ListEmpty } from './list-empty.tsx'
import { ListHead } from './list-head.tsx'
import { useListKeys } from './list-keys.ts'
import { ListRow } from './list-row.tsx'
import { HEAD_PX, ROW_PX, useCursorInSight, useFollowing } from './list-scrolling.ts'
import { LiveJump } from './live-jump.tsx'

/** The list: only the rows in sight are in the page. */
export function MessageList(): JSX.Element {
  const window = useCell(rows)
  const state = useCell(window.state)
  const { selected } = useCell(place)
  const keys = useCell(chosenColumns)
  const shown = useMemo(() => columnsOf(keys), [keys])
  const total = window.rowCount
  const widths = useCell(columnWidths)
  const virtual = useUniformRows(total, ROW_PX, HEAD_PX)
  useFollowing(virtual, window, total)
  useCursorInSight(virtual, window)
  useListKeys(virtual)
  useEffect(() => window.want(window.positionAt(virtual.first), window.positionAt(virtual.first + virtual.count)), [window, state.change, virtual.first, virtual.count])
  const isLoading = !state.isLoaded && state.failure === undefined
  return (
    <section className="list" aria-label="Messages" style={{ '--columns': gridColumns(shown, widths), '--least': `${leastWidthPx(shown, widths)}px` }}>
      {(isLoading || state.searching !== undefined) && <div className="progress" role="progressbar" aria-label="Searching" />}
      <div
        className="list-body scroll"
        ref={virtual.scroller}
        tabIndex={0}
        role="grid"
        aria-label="Messages"
        aria-rowcount={total + 1}
        aria-colcount={shown.length}
        aria-activedescendant={selected === undefined ? undefined : `row-${selected}`}
      >
        <ListHead columns={shown} />
        <div className="spacer" style={{ height: virtual.heightPx }} role="rowgroup">
          <div className="list-rows" style={{ transform: `translateY(${virtual.topPx}px)` }} role="presentation">
            <Rows window={window} change={state.change} virtual={virtual} columns={shown} />
          </div>
        </div>
      </div>
      <ColumnsButton columns={shown} />
      {total === 0 && state.searching === undefined && <div className="list-empty"><ListEmpty state={state} /></div>}
      <LiveJump end={state.end} onJump={() => jumpToEnd(virtual, total)} />
    </section>
  )
}

/** The rows in sight. `change` tells that the window has others than before. */
function Rows({ window, virtual, columns }: { window: MessageWindow, change: number, virtual: UniformRows, columns: readonly Column[] }): JSX.Element[] {
  const { selected } = useCell(place)
  const marked = useCell(marks)
  const clock = useCell(zone)
  return rowIndexes(virtual).map((index) => {
    const position = window.positionAt(index)
    const row = window.rowAt(position)
    if (row === undefined) return <div key={`empty-${position}`} className="row waiting" role="row" aria-rowindex={index + 2}><span role="gridcell">…</span></div>
    return (
      <ListRow
        key={row.id}
        row={row}
        index={index}
        position={position}
        columns={columns}
        zone={clock}
        isSelected={row.id === selected}
        isMarked={marked.has(row.id)}
        onSelect={selectPosition}
      />
    )
  })
}

function jumpToEnd(virtual: UniformRows, total: number): void {
  isFollowing.set(true)
  virtual.scrollToRow(total - 1, 'end')
}
