import type { JSX } from 'react'
import { useState } from 'react'
import { Dialog } from '../../components/dialog.tsx'
import type { Column } from '../../model/columns.ts'
import { COLUMNS, DEFAULT_COLUMNS } from '../../model/columns.ts'
import { columns as chosen } from '../../services/settings.ts'

export function ListHead({ columns }: { columns: readonly Column[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  return (
    <div className="list-head">
      <div className="row" aria-hidden="true">
        {columns.map((column) => <span key={column.key} className={`cell ${column.isNumber === true ? 'number' : ''}`}>{column.title}</span>)}
      </div>
      <button type="button" className="button bare columns-button" onClick={() => setOpen(true)} aria-label="Columns" title="Columns">⋮</button>
      {isOpen && <ColumnsDialog columns={columns} onClose={() => setOpen(false)} />}
    </div>
  )
}

function ColumnsDialog({ columns, onClose }: { columns: readonly Column[], onClose: () => void }): JSX.Element {
  const keys = columns.map((column) => column.key)
  const toggle = (key: string): void => {
    const next = COLUMNS.map((column) => column.key).filter((other) => (other === key ? !keys.includes(key) : keys.includes(other)))
    if (next.length > 0) chosen.set(next)
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
        <footer><button type="button" className="button" onClick={() => chosen.set([...DEFAULT_COLUMNS])}>As at first</button></footer>
      </div>
    </Dialog>
  )
}
