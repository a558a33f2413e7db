import type { JSX } from 'react'
import { copyText } from '../services/clipboard.ts'

export function CopyButton({ text, what }: { text: string, what: string }): JSX.Element {
  return <button type="button" className="button bare copy" onClick={() => void copyText(text, what)} title={`Copy ${what}`} aria-label={`Copy ${what}`}>Copy</button>
}
