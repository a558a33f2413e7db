import type { JSX } from 'react'
import { Suspense, lazy, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { FilterProblem } from '../../../src/model/api.ts'
import { ask } from '../services/api.ts'
import { useCell } from '../services/cell.ts'
import { applyFilter } from '../services/filter.ts'
import { useKeys } from '../services/keyboard.ts'
import { filterProblem } from '../services/list.ts'
import { loadPart } from '../services/loading.ts'
import { place } from '../services/navigation.ts'
import { filterHistory, savedFilters, toggleSaved } from '../services/settings.ts'
import { FilterHelp } from './filter-help.tsx'
import { Menu } from './menu.tsx'

const FilterEditor = lazy(() => loadPart(async () => ({ default: (await import('./filter-editor.tsx')).FilterEditor })))

const CHECK_AFTER_MS = 200

/** The one filter of all views: checked while it is written, applied with Enter. */
export function FilterBar(): JSX.Element {
  const { q } = useCell(place)
  const [draft, setDraft] = useState(q)
  /** What the editor is told to show. Drafts do not go back to it: they would overwrite what was typed since. */
  const [told, setTold] = useState({ text: q })
  const [isHelpOpen, setHelpOpen] = useState(false)
  /** Values are offered where the problem would be told; what is being written is not finished. */
  const [isOffering, setOffering] = useState(false)
  /** Somebody wrote before the editor was there. */
  const wasWriting = useRef(false)
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
      <Suspense fallback={<PlainFilter draft={draft} onChange={show} onApply={apply} wasWriting={wasWriting} />}>
        <FilterEditor told={told} problem={problem} wasWriting={wasWriting} onChange={setDraft} onApply={apply} onLeave={leave} onOffer={setOffering} />
      </Suspense>
      <span className="filter-state" aria-hidden="true">
        {problem !== undefined ? <span className="tone-red">✕</span> : draft !== '' && <span className={isApplied ? 'tone-green' : 'quiet'}>{isApplied ? '✓' : '⏎'}</span>}
      </span>
      {draft !== '' && <button type="button" className="button bare" onClick={() => apply('')} aria-label="Clear the filter" title="Clear">✕</button>}
      <SavedMenu draft={draft} onChoose={apply} onHelp={() => setHelpOpen(true)} />
      {problem !== undefined && !isOffering && <ProblemText problem={problem} isApplied={isApplied} />}
      {isHelpOpen && <FilterHelp onClose={() => setHelpOpen(false)} onChoose={apply} />}
    </div>
  )
}

/** Until the editor has been loaded. */
function PlainFilter({ draft, onChange, onApply, wasWriting }: { draft: string, onChange: (text: string) => void, onApply: (text: string) => void, wasWriting: { current: boolean } }): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    const element = input.current
    return () => {
      wasWriting.current = document.activeElement === element
    }
  }, [wasWriting])
  return (
    <input
      ref={input}
      className="filter-plain mono"
      aria-label="Filter"
      value={draft}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && onApply(draft)}
    />
  )
}

/** Of the applied filter the view says it, too: here only while the filter is being looked at. */
function ProblemText({ problem, isApplied }: { problem: FilterProblem, isApplied: boolean }): JSX.Element {
  return (
    <div className={isApplied ? 'filter-problem said' : 'filter-problem'} role="alert">
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
