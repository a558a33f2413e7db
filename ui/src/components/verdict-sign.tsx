import type { JSX } from 'react'
import { verdictShown } from '../model/verdict-look.ts'

/** How a hop is protected, as `●═●`: one end filled for each that proved who it is, a double line for encrypted. */
export function VerdictSign({ verdict, word = false }: { verdict: string | undefined, word?: boolean }): JSX.Element {
  const { tone, text, left, right, line } = verdictShown(verdict)
  return (
    <span className={`verdict ${tone}`} title={text}>
      <svg width="26" height="10" viewBox="0 0 26 10" aria-hidden="true" focusable="false">
        {line === 'unknown' && <text x="13" y="9" textAnchor="middle" fontSize="11" fontWeight="600" fill="currentColor">?</text>}
        {(line === 'double' || line === 'dotted') && (
          <g stroke="currentColor" strokeWidth="1.4" strokeDasharray={line === 'dotted' ? '2 1.6' : undefined}>
            <path d="M8 3.4h10M8 6.6h10" />
          </g>
        )}
        {line === 'single' && <path d="M1 5h24" stroke="currentColor" strokeWidth="2" />}
        {line === 'thin' && <path d="M1 5h24" stroke="currentColor" strokeWidth="1" />}
        {left !== 'none' && <circle cx="5" cy="5" r="3.2" stroke="currentColor" strokeWidth="1.4" fill={left === 'full' ? 'currentColor' : 'none'} />}
        {right !== 'none' && <circle cx="21" cy="5" r="3.2" stroke="currentColor" strokeWidth="1.4" fill={right === 'full' ? 'currentColor' : 'none'} />}
      </svg>
      <span className={word ? undefined : 'unseen'}>{text}</span>
    </span>
  )
}
