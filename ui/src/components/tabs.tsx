import type { JSX, KeyboardEvent } from 'react'

export interface TabItem<T extends string> { readonly key: T, readonly label: string, readonly count?: string | undefined, readonly isDisabled?: boolean }

/** A row of tabs. Left and right move between them; the panel has the id `panel-NAME`. */
export function Tabs<T extends string>({ name, items, current, onChange }: {
  name: string, items: readonly TabItem<T>[], current: T, onChange: (key: T) => void,
}): JSX.Element {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const open = items.filter((item) => item.isDisabled !== true)
    const next = open[(open.findIndex((item) => item.key === current) + step + open.length) % open.length]
    if (next === undefined) return
    event.preventDefault()
    event.stopPropagation()
    onChange(next.key)
    event.currentTarget.querySelector<HTMLElement>(`[data-key="${next.key}"]`)?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={name} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button
          key={item.key}
          type="button"
          role="tab"
          id={`tab-${name}-${item.key}`}
          data-key={item.key}
          aria-selected={item.key === current}
          aria-controls={item.key === current ? `panel-${name}` : undefined}
          tabIndex={item.key === current ? 0 : -1}
          disabled={item.isDisabled}
          onClick={() => onChange(item.key)}
        >
          {item.label}
          {item.count !== undefined && <span className="quiet small"> {item.count}</span>}
        </button>
      ))}
    </div>
  )
}
