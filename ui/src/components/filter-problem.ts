import { StateEffect, StateField } from '@codemirror/state'
import type { DecorationSet } from '@codemirror/view'
import { Decoration, EditorView } from '@codemirror/view'
import type { FilterProblem } from '../../../src/model/api.ts'

/** Underlines where the filter is wrong; undefined takes the line away. */
export const showProblem = StateEffect.define<FilterProblem | undefined>()

const mark = Decoration.mark({ class: 'cm-problem' })

export const problemMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    let next = marks.map(transaction.changes)
    for (const effect of transaction.effects) {
      if (effect.is(showProblem)) next = marksOf(effect.value, transaction.newDoc.length)
    }
    return next
  },
  provide: (field) => EditorView.decorations.from(field),
})

/** At the end of the text there is nothing to underline, so the last character is. */
function marksOf(problem: FilterProblem | undefined, length: number): DecorationSet {
  if (problem === undefined || length === 0) return Decoration.none
  const to = Math.min(length, Math.max(problem.to, problem.from + 1))
  return Decoration.set([mark.range(Math.min(problem.from, to - 1), to)])
}
