import type { JSX } from 'react'
import { visibleText } from '../model/visible-text.ts'
import { rowIndexes, useUniformRows } from './uniform-rows.ts'

const ROW_PX = 18
const SIGNS = { same: ' ', old: '−', new: '+' } as const

export interface ShownDiffLine { readonly kind: keyof typeof SIGNS, readonly text: string, readonly expected?: boolean }

/** Two texts in one: what only the first has, what only the second has, what both have. */
export function DiffView({ lines, before, after }: { lines: readonly ShownDiffLine[], before: string, after: string }): JSX.Element {
  const virtual = useUniformRows(lines.length, ROW_PX)
  return (
    <div className="diff">
      <p className="small"><span className="tone-red">− {before}</span> <span className="tone-green">+ {after}</span></p>
      <div className="diff-lines scroll mono" ref={virtual.scroller} tabIndex={0} role="group" aria-label="Differences">
        <div className="spacer" style={{ height: virtual.heightPx }}>
          <div style={{ transform: `translateY(${virtual.topPx}px)` }}>
            {rowIndexes(virtual).map((index) => lines[index] !== undefined && (
              <div key={index} className={`diff-line ${lines[index].kind}${lines[index].expected === true ? ' expected' : ''}`}>{SIGNS[lines[index].kind]} {visibleText(lines[index].text)}</div>
            ))}
          </div>
        </div>
      </div>
    </div>
  )
}
