import type { JSX } from 'react'
import { Suspense, lazy, useCallback, useEffect, useRef, useState } from 'react'
import type { FilterProblem } from '../../../src/model/api.ts'
import { ask } from '../services/api.ts'
import { useCell } from '../services/cell.ts'
import { applyFilter } from '../services/filter.ts'
import { useKeys } from '../services/keyboard.ts'
import { filterProblem } from '../services/list.ts'
import { place } from '../services/navigation.ts'
import { filterHistory, savedFilters, toggleSaved } from '../services/settings.ts'
import { FilterHelp } from './filter-help.tsx'
import { Menu } from './menu.tsx'

const FilterEditor = lazy(async () => ({ default: (await import('./filter-editor.tsx')).FilterEditor }))

const CHECK_AFTER_MS = 200

/** The one filter of all views: checked while it is written, applied with Enter. */
export function FilterBar(): JSX.Element {
  const { q } = useCell(place)
  const [draft, setDraft] = useState(q)
  /** What the editor is told to show. Drafts do not go back to it: they would overwrite what was typed since. */
  const [told, setTold] = useState({ text: q })
  const [isHelpOpen, setHelpOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const problem = useFilterCheck(draft, q)
  const show = useCallback((text: string) => {
    setDraft(text)
    setTold({ text })
  }, [])
  useEffect(() => show(q), [q, show])
  useKeys({ '/': () => focusEditor(box.current) })
  const apply = useCallback((text: string) => {
    show(text)
    applyFilter(text)
  }, [show])
  const leave = useCallback(() => document.querySelector<HTMLElement>('.main [tabindex="0"]')?.focus(), [])
  const isApplied = draft.trim() === q
  return (
    <div className={`filter ${problem === undefined ? '' : 'wrong'}`} ref={box} role="search">
      <Suspense fallback={<input className="filter-plain mono" aria-label="Filter" value={draft} onChange={(event) => setDraft(event.target.value)} />}>
        <FilterEditor told={told} problem={problem} onChange={setDraft} onApply={apply} onLeave={leave} />
      </Suspense>
      <span className="filter-state" aria-hidden="true">
        {problem !== undefined ? <span className="tone-red">✕</span> : draft !== '' && <span className={isApplied ? 'tone-green' : 'quiet'}>{isApplied ? '✓' : '⏎'}</span>}
      </span>
      {draft !== '' && <button type="button" className="button bare" onClick={() => apply('')} aria-label="Clear the filter" title="Clear">✕</button>}
      <SavedMenu draft={draft} onChoose={apply} onHelp={() => setHelpOpen(true)} />
      {problem !== undefined && <ProblemText problem={problem} />}
      {isHelpOpen && <FilterHelp onClose={() => setHelpOpen(false)} onChoose={apply} />}
    </div>
  )
}

function ProblemText({ problem }: { problem: FilterProblem }): JSX.Element {
  return (
    <div className="filter-problem" role="alert">
      <span className="tone-red">{problem.message}</span>
      {problem.hint !== undefined && <span className="quiet"> – {problem.hint}</span>}
    </div>
  )
}

function SavedMenu({ draft, onChoose, onHelp }: { draft: string, onChoose: (q: string) => void, onHelp: () => void }): JSX.Element {
  const saved = useCell(savedFilters)
  const history = useCell(filterHistory)
  const text = draft.trim()
  const items = [
    { label: 'Fields and examples…', run: onHelp },
    ...text === '' ? [] : [{ label: saved.includes(text) ? '★ Forget this filter' : '☆ Keep this filter', run: () => toggleSaved(text) }],
    ...saved.map((filter) => ({ label: `★ ${filter}`, run: () => onChoose(filter) })),
    ...history.filter((filter) => !saved.includes(filter)).slice(0, 12).map((filter) => ({ label: filter, run: () => onChoose(filter) })),
  ]
  return <Menu label={<span aria-label="Filters kept and used lately">☆</span>} items={items} className="button bare" title="Filters kept and used lately" />
}

/** What is wrong with the draft; of the applied filter also what the list said. */
function useFilterCheck(draft: string, applied: string): FilterProblem | undefined {
  const ofList = useCell(filterProblem)
  const [checked, setChecked] = useState<{ q: string, problem: FilterProblem | undefined }>({ q: '', problem: undefined })
  useEffect(() => {
    const q = draft.trim()
    if (q === '') return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      ask('GET /api/v1/filter', { q: draft }, {}, stop.signal)
        .then((answer) => setChecked({ q: draft, problem: answer.ok ? undefined : answer.problem }))
        // Without an answer nothing is said of the filter; that the hub is away is said elsewhere.
        .catch(() => undefined)
    }, CHECK_AFTER_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [draft])
  if (checked.q === draft && draft.trim() !== '') return checked.problem
  return draft.trim() === applied ? ofList : undefined
}

function focusEditor(box: HTMLElement | null): void {
  const host = box?.querySelector('.filter-editor')
  const target = host?.shadowRoot?.querySelector<HTMLElement>('.cm-content') ?? box?.querySelector('input')
  target?.focus()
}
