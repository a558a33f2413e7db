import type { LineCounter, Node } from 'yaml'
import { MtlscopeError } from '../../base/errors.ts'

/** Something in a configuration file that cannot stay so. Lines and columns count from 1. */
export interface Problem { readonly line: number, readonly column: number, readonly message: string, readonly hint: string | undefined }

/** Every problem of one file; the message is that of the first. Code 'bad-config'. */
export class ConfigError extends MtlscopeError {
  readonly problems: readonly MtlscopeError[]

  constructor(file: string, problems: readonly Problem[]) {
    const errors = problems.map(({ line, column, message, hint }) =>
      new MtlscopeError('bad-config', `${file}:${line}:${column}: ${message}`, { facts: { file, line, column }, ...hint === undefined ? {} : { hint } }))
    const first = errors[0]!
    super('bad-config', first.message, { facts: first.facts, ...first.hint === undefined ? {} : { hint: first.hint } })
    this.problems = errors
  }
}

/** More than anybody mends at a time. */
const MAX_PROBLEMS = 20

/** Collects problems at places of one text. */
export class Problems {
  readonly #lines: LineCounter
  readonly #found: Problem[] = []

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  at(node: Node | null | undefined, message: string, hint?: string): void {
    this.atOffset(node?.range?.[0] ?? 0, message, hint)
  }

  atOffset(offset: number, message: string, hint?: string): void {
    if (this.#found.length >= MAX_PROBLEMS) return
    const { line, col } = this.#lines.linePos(offset)
    this.#found.push({ line: Math.max(line, 1), column: Math.max(col, 1), message, hint })
  }

  /** Throws ConfigError where there are any, in the order of the file. */
  throwIfAny(file: string): void {
    if (this.#found.length === 0) return
    throw new ConfigError(file, this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column))
  }
}
