import type { JSX } from 'react'
import { useEffect, useMemo, useState } from 'react'
import type { JsonRow } from '../model/json-rows.ts'
import { foldablePaths, jsonRows } from '../model/json-rows.ts'
import { visibleText } from '../model/visible-text.ts'
import { rowIndexes, useUniformRows } from './uniform-rows.ts'

const ROW_PX = 18

interface Props {
  readonly value: unknown
  /** What a click on a scalar does, with its JSON pointer. */
  readonly onValue?: ((path: string, value: unknown, isExcluded: boolean) => void) | undefined
  /** Other lines than those of JSON. */
  readonly rowsOf?: typeof jsonRows
}

/** A JSON value that can be folded. */
export function JsonView({ value, onValue, rowsOf = jsonRows }: Props): JSX.Element {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const [unbounded, setUnbounded] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => {
    setFolded(new Set())
    setUnbounded(new Set())
  }, [value])
  const rows = useMemo(() => rowsOf(value, folded, unbounded), [rowsOf, value, folded, unbounded])
  const virtual = useUniformRows(rows.length, ROW_PX)
  const toggle = (path: string): void => setFolded((old) => toggled(old, path))
  return (
    <div className="json">
      <div className="json-tools">
        <button type="button" className="button bare" onClick={() => setFolded(new Set(foldablePaths(rowsOf(value, new Set(), new Set()))))}>Fold all</button>
        <button type="button" className="button bare" onClick={() => setFolded(new Set())}>Unfold all</button>
      </div>
      <div className="json-rows scroll mono" ref={virtual.scroller} tabIndex={0} role="group" aria-label="JSON">
        <div className="spacer" style={{ height: virtual.heightPx }}>
          <div style={{ transform: `translateY(${virtual.topPx}px)` }}>
            {rowIndexes(virtual).map((index) => rows[index] !== undefined && (
              <JsonLine
                key={index}
                row={rows[index]}
                onToggle={toggle}
                onMore={(path) => setUnbounded((old) => toggled(old, path))}
                onValue={onValue}
              />
            ))}
          </div>
        </div>
      </div>
    </div>
  )
}

interface LineProps {
  readonly row: JsonRow
  readonly onToggle: (path: string) => void
  readonly onMore: (path: string) => void
  readonly onValue: ((path: string, value: unknown, isExcluded: boolean) => void) | undefined
}

function JsonLine({ row, onToggle, onMore, onValue }: LineProps): JSX.Element {
  const canFold = row.kind === 'open' || row.kind === 'folded'
  return (
    <div className="json-line" style={{ paddingLeft: row.depth * 16 + 16 }}>
      {canFold && (
        <button
          type="button"
          className="json-fold"
          style={{ left: row.depth * 16 }}
          aria-expanded={row.kind === 'open'}
          aria-label={`${row.label ?? row.name ?? 'value'}: fold`}
          onClick={() => onToggle(row.path)}
        >
          {row.kind === 'open' ? '▾' : '▸'}
        </button>
      )}
      {row.name !== undefined && <span className="json-name">{visibleText(JSON.stringify(row.name))}: </span>}
      {row.label !== undefined && <span className="json-name">{row.label} </span>}
      {row.kind === 'more'
        ? <button type="button" className="link" onClick={() => onMore(row.path)}>{row.text}</button>
        : <JsonScalar row={row} onValue={onValue} />}
      {row.hasComma && ','}
      {row.note !== undefined && row.note !== '' && <span className="quiet json-note">{row.note}</span>}
    </div>
  )
}

function JsonScalar({ row, onValue }: Pick<LineProps, 'row' | 'onValue'>): JSX.Element {
  const isScalar = row.kind === 'scalar' && row.type !== 'object' && row.type !== 'array'
  if (!isScalar || onValue === undefined) return <span className={`json-${row.type}`}>{visibleText(row.text)}</span>
  return (
    <button
      type="button"
      className={`value json-${row.type}`}
      title="Add to the filter (Alt: exclude)"
      onClick={(event) => onValue(row.path, JSON.parse(row.text), event.altKey)}
    >
      {visibleText(row.text)}
    </button>
  )
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}
