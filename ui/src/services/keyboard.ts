import { useEffect, useRef } from 'react'

/** Actions by key: `j`, `Enter`, `?`, or two in a row: `g m`. An action that returns false lets the browser go on. */
export type KeyMap = Readonly<Record<string, () => unknown>>

const PREFIX_MS = 1200
let prefix: { readonly key: string, readonly atMs: number } | undefined

/** Listens on the whole page while the component is there. Not while somebody writes, and not behind an open dialog. */
export function useKeys(map: KeyMap): void {
  const current = useRef(map)
  current.current = map
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event)) return
      const action = actionOf(current.current, event)
      if (action === undefined || action() === false) return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

function actionOf(map: KeyMap, event: KeyboardEvent): (() => unknown) | undefined {
  const before = prefix !== undefined && event.timeStamp - prefix.atMs < PREFIX_MS ? prefix.key : undefined
  const pair = before === undefined ? undefined : map[`${before} ${event.key}`]
  if (pair !== undefined) {
    prefix = undefined
    return pair
  }
  if (Object.keys(map).some((keys) => keys.startsWith(`${event.key} `))) prefix = { key: event.key, atMs: event.timeStamp }
  return before === undefined ? map[event.key] : undefined
}

const WRITING = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]'
const PRESSABLE = 'button, a, summary, [role=tab], [role=menuitem]'

function isWriting(event: KeyboardEvent): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  const target = event.composedPath()[0]
  if (!(target instanceof Element)) return false
  if (target.closest(WRITING) !== null) return true
  // Enter and space belong to what has the focus.
  return (event.key === 'Enter' || event.key === ' ') && target.closest(PRESSABLE) !== null
}
