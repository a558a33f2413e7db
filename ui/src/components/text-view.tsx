import type { JSX } from 'react'
import { useMemo } from 'react'
import { visibleText } from '../model/visible-text.ts'
import { rowIndexes, useUniformRows } from './uniform-rows.ts'

const ROW_PX = 18
/** A line longer than this is shown in pieces: laying out a megabyte in one line stops the page. */
const MAX_LINE_CHARS = 2000

/** Text of a peer, as text and nothing else, with line numbers. */
export function TextView({ text }: { text: string }): JSX.Element {
  const lines = useMemo(() => shownLines(text), [text])
  const virtual = useUniformRows(lines.length, ROW_PX)
  return (
    <div className="text scroll mono" ref={virtual.scroller} tabIndex={0} role="group" aria-label="Text">
      <div className="spacer" style={{ height: virtual.heightPx }}>
        <div style={{ transform: `translateY(${virtual.topPx}px)` }}>
          {rowIndexes(virtual).map((index) => lines[index] !== undefined && (
            <div className="text-line" key={index}>
              <span className="text-number quiet">{lines[index].number}</span>
              <span>{lines[index].text}</span>
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}

interface ShownLine { readonly number: string, readonly text: string }

function shownLines(text: string): ShownLine[] {
  const out: ShownLine[] = []
  visibleText(text).split(/\r?\n/).forEach((line, at) => {
    for (let start = 0; start === 0 || start < line.length; start += MAX_LINE_CHARS) {
      out.push({ number: start === 0 ? String(at + 1) : '', text: line.slice(start, start + MAX_LINE_CHARS) })
    }
  })
  return out
}
