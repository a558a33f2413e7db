import type { JSX, KeyboardEvent, ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'

export interface MenuItem {
  readonly label: string
  readonly hint?: string
  readonly isDisabled?: boolean
  run(): void
}

/** A button with a list of things to do. Arrows move, Enter does it, Escape closes. */
export function Menu({ label, items, className = 'button', title }: { label: ReactNode, items: readonly MenuItem[], className?: string, title?: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (!isOpen) return
    root.current?.querySelector<HTMLElement>('[role=menuitem]:not(:disabled)')?.focus()
    const outside = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [isOpen])
  const close = (): void => {
    setOpen(false)
    root.current?.querySelector('button')?.focus()
  }
  return (
    <span className="menu" ref={root} onKeyDown={(event) => isOpen && onMenuKey(event, root.current, close)}>
      <button type="button" className={className} aria-haspopup="menu" aria-expanded={isOpen} title={title} onClick={() => setOpen(!isOpen)}>
        {label}
        <span aria-hidden="true" className="quiet">▾</span>
      </button>
      {isOpen && (
        <div className="menu-list" role="menu">
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              disabled={item.isDisabled}
              title={item.hint}
              onClick={() => {
                close()
                item.run()
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </span>
  )
}

function onMenuKey(event: KeyboardEvent, root: HTMLElement | null, close: () => void): void {
  const items = [...root?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? []]
  const at = items.indexOf(document.activeElement as HTMLElement)
  const target = { ArrowDown: items[(at + 1) % items.length], ArrowUp: items.at(at - 1), Home: items[0], End: items.at(-1) }[event.key]
  if (event.key === 'Escape') close()
  else if (target !== undefined) target.focus()
  else if (event.key !== 'Tab') return
  else setTimeout(close)
  event.stopPropagation()
  if (event.key !== 'Tab') event.preventDefault()
}
