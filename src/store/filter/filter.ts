import type { FilterCheck, FilterProblem } from '../../model/api.ts'
import { toPrettyCel } from './dialect.ts'
import type { Evaluate } from './evaluate.ts'
import { Compiler, NotEvaluated } from './evaluate.ts'
import type { ASTNode } from './expression.ts'
import { parseExpression } from './expression.ts'
import type { FilterSubject } from './subject.ts'

/** A filter that was understood. */
export class Filter {
  readonly text: string
  /** In CEL. */
  readonly cel: string
  /** Undefined: everything matches. */
  readonly ast: ASTNode | undefined
  readonly #evaluate: Evaluate
  readonly #scope: { subject: FilterSubject, variables: [] }

  constructor(text: string, cel: string, ast: ASTNode | undefined, evaluate: Evaluate) {
    this.text = text
    this.cel = cel
    this.ast = ast
    this.#evaluate = evaluate
    this.#scope = { subject: undefined as unknown as FilterSubject, variables: [] }
  }

  /** Never throws. What is missing in a message is null, and null is neither equal to nor more than anything. */
  matches(subject: FilterSubject): boolean {
    this.#scope.subject = subject
    return this.#evaluate(this.#scope) === true
  }
}

export type FilterResult = { readonly ok: true, readonly filter: Filter } | { readonly ok: false, readonly problem: FilterProblem }

/** @param nowMicros what `now()` is */
export function parseFilter(text: string, nowMicros: number): FilterResult {
  if (text.trim() === '') return { ok: true, filter: new Filter(text, '', undefined, () => true) }
  const parsed = parseExpression(text)
  if (!parsed.ok) return parsed
  try {
    return { ok: true, filter: new Filter(text, parsed.cel, parsed.ast, new Compiler(nowMicros).compile(parsed.ast)) }
  } catch (error) {
    if (!(error instanceof NotEvaluated)) throw error
    const { start, end } = error.node
    return { ok: false, problem: { message: error.message, from: start, to: Math.max(start + 1, end) } }
  }
}

/** For the API and for completion. */
export function checkFilter(text: string): FilterCheck {
  const result = parseFilter(text, 0)
  return result.ok ? { ok: true, normal: toPrettyCel(text) } : result
}
