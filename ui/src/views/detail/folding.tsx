import type { JSX, ReactNode } from 'react'
import { useState } from 'react'

/** Titles that the user has folded stay so from message to message. */
const foldedTitles = new Set<string>()

export function Folding({ title, children, aside }: { title: string, children: ReactNode, aside?: ReactNode }): JSX.Element {
  const [isOpen, setOpen] = useState(!foldedTitles.has(title))
  const toggle = (): void => {
    if (isOpen) foldedTitles.add(title)
    else foldedTitles.delete(title)
    setOpen(!isOpen)
  }
  return (
    <section className="folding">
      <header>
        <button type="button" aria-expanded={isOpen} onClick={toggle}>
          <span aria-hidden="true" className="quiet">{isOpen ? '▾' : '▸'}</span>
          {title}
        </button>
        {aside}
      </header>
      {isOpen && children}
    </section>
  )
}
