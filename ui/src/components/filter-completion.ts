import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { acceptCompletion, autocompletion, completionKeymap, completionStatus, moveCompletionSelection, selectedCompletion } from '@codemirror/autocomplete'
import { Prec } from '@codemirror/state'
import type { EditorView } from '@codemirror/view'
import { keymap } from '@codemirror/view'
import type { FieldList } from '../../../src/model/api.ts'
import { ask } from '../services/api.ts'

let known: Promise<FieldList> | undefined

/** Asked for once; once more where it went wrong. */
function fieldList(): Promise<FieldList> {
  known ??= ask('GET /api/v1/filter/fields', {}).catch((error: unknown) => {
    known = undefined
    throw error
  })
  return known
}

/** `status_code >= 4`: a field, a comparison, and the beginning of a value. */
const VALUE_BEGUN = /([A-Za-z_][\w.]*(?:\["[^"\]]*"\])?)\s*(?:==|!=|<=|>=|<|>)\s*(r?"[^"]*|[\w.-]*)$/
const VALUES_OFFERED = 30

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  try {
    const before = context.state.sliceDoc(0, context.pos)
    const value = VALUE_BEGUN.exec(before)
    if (value !== null) return await completeValue(value[1]!, value[2]!, context)
    return await completeField(context)
  } catch {
    // Without an answer there is nothing to offer.
    return null
  }
}

async function completeValue(field: string, begun: string, context: CompletionContext): Promise<CompletionResult | null> {
  const prefix = begun.replace(/^r?"/, '')
  const { values } = await ask('GET /api/v1/filter/values', { field, prefix, limit: VALUES_OFFERED })
  if (values.length === 0) return null
  const closes = context.state.sliceDoc(context.pos, context.pos + 1) === '"' ? 1 : 0
  return {
    from: context.pos - begun.length,
    to: context.pos + closes,
    options: values.map(({ value, count }, at) => ({ label: JSON.stringify(value), detail: `${count}×`, boost: -at })),
    validFor: /^r?"?[^"]*$/,
  }
}

async function completeField(context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[A-Za-z_][\w.]*/)
  if (word === null && !context.explicit) return null
  const { fields, functions } = await fieldList()
  const options: Completion[] = [
    ...fields.map(({ name, type, what }) => ({ label: name, detail: type, info: what, type: 'variable' })),
    ...functions.map(({ name, usage, what }) => ({ label: name, detail: usage, info: what, type: 'function' })),
  ]
  return { from: word?.from ?? context.pos, options, validFor: /^[\w.]*$/ }
}

/** Tab takes the first where none is chosen yet. Enter does not: it applies the filter as it was written. */
function takeCompletion(view: EditorView): boolean {
  if (completionStatus(view.state) !== 'active') return false
  if (selectedCompletion(view.state) === null) moveCompletionSelection(true)(view)
  return acceptCompletion(view)
}

export const filterCompletion = [
  autocompletion({ override: [complete], icons: false, defaultKeymap: false, selectOnOpen: false, interactionDelay: 0, activateOnTypingDelay: 60 }),
  Prec.high(keymap.of([...completionKeymap, { key: 'Tab', run: takeCompletion }])),
]
