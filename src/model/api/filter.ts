/** Where a filter cannot be understood. */
export interface FilterProblem {
  /** One sentence, lower case. */
  readonly message: string
  /** UTF-16 offsets into the text as it was written: `from <= x < to`; `to` is at least `from + 1` unless it is the end. */
  readonly from: number
  readonly to: number
  /** What was perhaps meant. */
  readonly hint?: string
}

export interface FilterQuery { q: string }

export type FilterCheck =
  /** `normal`: the same in CEL, where another dialect was written. */
  | { readonly ok: true, readonly normal: string }
  | { readonly ok: false, readonly problem: FilterProblem }

export interface FieldInfo {
  /** As written in a filter: `status_code`, `src.name`, `request.headers`. */
  readonly name: string
  readonly type: 'bool' | 'int' | 'double' | 'string' | 'list' | 'map' | 'timestamp' | 'duration' | 'dyn'
  /** One sentence. */
  readonly what: string
  /** Protocols that have it; empty: all. */
  readonly protocols: readonly string[]
  /** `GET /api/v1/filter/values` knows values of it. */
  readonly values: boolean
}

export interface FunctionInfo {
  readonly name: string
  /** `path.contains(text)` */
  readonly usage: string
  readonly what: string
}

export interface FieldList {
  readonly fields: readonly FieldInfo[]
  readonly functions: readonly FunctionInfo[]
  /** Whole filters with a word on each, for the help. */
  readonly examples: readonly { readonly q: string, readonly what: string }[]
}

export interface ValueList {
  readonly values: readonly { readonly value: string | number | boolean, readonly count: number }[]
}
