import type { JSX } from 'react'
import { hexRow, hexRowCount } from '../model/hex-rows.ts'
import { rowIndexes, useUniformRows } from './uniform-rows.ts'

const ROW_PX = 18

export function HexView({ bytes }: { bytes: Uint8Array }): JSX.Element {
  const virtual = useUniformRows(hexRowCount(bytes), ROW_PX)
  return (
    <div className="hex scroll mono" ref={virtual.scroller} tabIndex={0} role="group" aria-label="Bytes in hexadecimal">
      <div className="spacer" style={{ height: virtual.heightPx }}>
        <div style={{ transform: `translateY(${virtual.topPx}px)` }}>
          {rowIndexes(virtual).map((index) => <HexLine key={index} bytes={bytes} index={index} />)}
        </div>
      </div>
    </div>
  )
}

function HexLine({ bytes, index }: { bytes: Uint8Array, index: number }): JSX.Element {
  const { offset, hex, text } = hexRow(bytes, index)
  return (
    <div className="hex-line">
      <span className="quiet">{offset}</span>
      <span>{hex}</span>
      <span>{text}</span>
    </div>
  )
}
