import type { JSX } from 'react'
import { useState } from 'react'
import { Dialog } from '../../components/dialog.tsx'
import type { Column } from '../../model/columns.ts'
import { COLUMNS, DEFAULT_COLUMNS } from '../../model/columns.ts'
import { columns as chosen, columnWidths } from '../../services/settings.ts'

/** Opens the choice of columns. */
export function ColumnsButton({ columns }: { columns: readonly Column[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="button bare columns-button" onClick={() => setOpen(true)} aria-label="Columns" title="Columns">⋮</button>
      {isOpen && <ColumnsDialog columns={columns} onClose={() => setOpen(false)} />}
    </>
  )
}

function ColumnsDialog({ columns, onClose }: { columns: readonly Column[], onClose: () => void }): JSX.Element {
  const keys = columns.map((column) => column.key)
  const toggle = (key: string): void => {
    const next = COLUMNS.map((column) => column.key).filter((other) => (other === key ? !keys.includes(key) : keys.includes(other)))
    if (next.length > 0) chosen.set(next)
  }
  const reset = (): void => {
    chosen.set([...DEFAULT_COLUMNS])
    columnWidths.set({})
  }
  return (
    <Dialog title="Columns" onClose={onClose}>
      <div className="form">
        {COLUMNS.map(({ key, title }) => (
          <label key={key} className="check">
            <input type="checkbox" checked={keys.includes(key)} onChange={() => toggle(key)} />
            {title}
          </label>
        ))}
        <p className="quiet small">Drag the edge of a title to change its width; a double click fits it.</p>
        <footer><button type="button" className="button" onClick={reset}>As at first</button></footer>
      </div>
    </Dialog>
  )
}
