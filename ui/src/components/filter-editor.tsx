import { closeBrackets, closeCompletion, completionStatus } from '@codemirror/autocomplete'
import { history, historyKeymap, standardKeymap } from '@codemirror/commands'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import type { JSX } from 'react'
import { useEffect, useRef } from 'react'
import type { FilterProblem } from '../../../src/model/api.ts'
import { filterHistory } from '../services/settings.ts'
import { filterCompletion } from './filter-completion.ts'
import { filterLanguage } from './filter-language.ts'
import { problemMark, showProblem } from './filter-problem.ts'

interface Props {
  /** Text to show; another object each time it shall be shown. */
  readonly told: { readonly text: string }
  readonly problem: FilterProblem | undefined
  /** The field that stood here before had the focus. */
  readonly wasWriting: { current: boolean }
  readonly onChange: (text: string) => void
  readonly onApply: (text: string) => void
  readonly onLeave: () => void
  /** Fields or values are offered, or no more. */
  readonly onOffer: (isOffering: boolean) => void
}

/**
 * One line of CodeMirror. It lives in a shadow root, where its styles are adopted style sheets: the page's
 * Content-Security-Policy permits no style elements.
 */
export function FilterEditor(props: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<EditorView | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
    const view = new EditorView({ root, parent: root, state: createState(latest) })
    editor.current = view
    if (latest.current.wasWriting.current) {
      latest.current.wasWriting.current = false
      view.dispatch({ selection: { anchor: view.state.doc.length } })
      view.focus()
    }
    return () => view.destroy()
  }, [])
  useEffect(() => {
    const view = editor.current
    const { text } = props.told
    if (view === undefined || view.state.doc.toString() === text) return
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length } })
  }, [props.told])
  useEffect(() => editor.current?.dispatch({ effects: showProblem.of(props.problem) }), [props.problem])
  return <div className="filter-editor" ref={host} />
}

function createState(latest: { readonly current: Props }): EditorState {
  return EditorState.create({
    doc: latest.current.told.text,
    extensions: [
      history(),
      closeBrackets(),
      filterLanguage,
      filterCompletion,
      problemMark,
      placeholder('Filter: http && status_code >= 400'),
      oneLine,
      look,
      EditorView.contentAttributes.of({ 'aria-label': 'Filter', 'spellcheck': 'false', 'autocapitalize': 'off' }),
      Prec.low(keymap.of([...ownKeys(latest), ...historyKeymap, ...standardKeymap])),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) latest.current.onChange(update.state.doc.toString())
        latest.current.onOffer(completionStatus(update.state) === 'active')
      }),
    ],
  })
}

function ownKeys(latest: { readonly current: Props }): { key: string, run: (view: EditorView) => boolean }[] {
  return [
    {
      key: 'Enter', run: (view) => {
        closeCompletion(view)
        latest.current.onApply(view.state.doc.toString())
        return true
      },
    },
    {
      key: 'Escape', run: (view) => {
        if (completionStatus(view.state) !== null) return false
        view.contentDOM.blur()
        latest.current.onLeave()
        return true
      },
    },
    { key: 'ArrowUp', run: (view) => recall(view, 1) },
    { key: 'ArrowDown', run: (view) => recall(view, -1) },
  ]
}

/** Earlier filters, as in a shell; from an empty line, or from one that was recalled. */
function recall(view: EditorView, step: number): boolean {
  const filters = filterHistory.get()
  const text = view.state.doc.toString()
  const at = text === '' ? -1 : filters.indexOf(text)
  if (text !== '' && at < 0) return false
  const next = at + step < 0 ? '' : filters[at + step]
  if (next === undefined) return true
  view.dispatch({ changes: { from: 0, to: text.length, insert: next }, selection: { anchor: next.length } })
  return true
}

const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (transaction.newDoc.lines <= 1) return transaction
  const text = transaction.newDoc.toString().replaceAll(/\s*\n\s*/g, ' ')
  return [{ changes: { from: 0, to: transaction.startState.doc.length, insert: text }, selection: { anchor: text.length } }]
})

const look = EditorView.theme({
  '&': { fontSize: '12.5px', color: 'var(--text)', width: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '24px', overflowX: 'auto', scrollbarWidth: 'none' },
  '.cm-content': { padding: '0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 2px 0 8px' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-problem': { textDecoration: 'underline wavy var(--red) 1px', textUnderlineOffset: '4px' },
  '.cm-tooltip': { background: 'var(--raised)', border: '1px solid var(--line-strong)', borderRadius: '5px', boxShadow: 'var(--shadow)', color: 'var(--text)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '320px', minWidth: '320px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px', display: 'flex', gap: '12px', alignItems: 'baseline' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--chosen)', color: 'var(--text)' },
  '.cm-completionDetail': { marginLeft: 'auto', fontStyle: 'normal', color: 'var(--quiet)', fontFamily: 'var(--sans)', fontSize: '11px' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
})
