import type { Likeness } from '../../model/message.ts'
import { plainText, bytesOf, textOf } from '../sql/byte-text.ts'
import { exactNumber } from '../sql/rows.ts'
import type { Redactor } from '../redaction.ts'
import { columnView, parseColumns, rowViews } from './columns.ts'

/** Executions of one statement with one tag. */
class SameTag implements Likeness {
  readonly tag: string
  note: object | undefined = undefined

  constructor(tag: string) {
    this.tag = tag
  }
}

/** A prepared statement, named or not. Texts have a character for each byte. */
export class Statement {
  readonly name: string
  readonly query: string
  /** As sent; `query` may be only the first of them. */
  readonly queryBytes: number
  /** What the Parse says about types: their count and their object ids. */
  readonly types: string
  /** Body of the ParameterDescription. */
  parameterDescription: string | undefined
  /** As it may be shown in one line, once somebody asked. */
  line: string | undefined
  /** Body of the RowDescription. */
  description: string | undefined
  #likeness: SameTag | undefined

  constructor(name: string, query: string, queryBytes: number, types: string) {
    this.name = name
    this.query = query
    this.queryBytes = queryBytes
    this.types = types
  }

  /** The tag of its last execution. */
  get tag(): string | undefined {
    return this.#likeness?.tag
  }

  /** The same object for the same tag, while it follows itself. */
  likenessWith(tag: string): Likeness {
    const known = this.#likeness
    return known?.tag === tag ? known : this.#likeness = new SameTag(tag)
  }

  get heldBytes(): number {
    return 200 + this.query.length + this.types.length + (this.description?.length ?? 0) + (this.parameterDescription?.length ?? 0)
  }
}

export type CopyKind = 'in' | 'out' | 'both'

/** What one statement gave back. */
export class Result {
  description: string | undefined
  readonly rows: string[] = []
  rowCount = 0
  /** As sent; undefined where it did not end. */
  tag: string | undefined
  isSuspended = false
  isEmptyQuery = false
  copy: CopyKind | undefined
  copyMessages = 0
  copyBytes = 0
  copied = ''
  copyFailure: string | undefined

  /** `description`: of the statement, where the result has none of its own. */
  view(description: string | undefined, formats: readonly number[], redactor: Redactor): object {
    const body = this.description ?? description
    const columns = body === undefined ? undefined : parseColumns(body)
    const hasRows = this.rowCount > 0 || this.description !== undefined
    return {
      tag: this.tag === undefined ? undefined : textOf(this.tag),
      suspended: this.isSuspended ? true : undefined,
      emptyQuery: this.isEmptyQuery ? true : undefined,
      affectedRows: this.tag === undefined ? undefined : countOf(this.tag),
      columns: hasRows ? columns?.map(columnView) : undefined,
      rowCount: hasRows ? this.rowCount : undefined,
      rows: this.rows.length > 0 ? rowViews(columns, formats, this.rows, redactor) : undefined,
      truncated: this.rows.length < this.rowCount ? true : undefined,
      copy: this.copy === undefined ? undefined : this.#copyView(redactor),
    }
  }

  #copyView(redactor: Redactor): object {
    const text = this.copied === '' ? undefined : plainText(this.copied)
    return {
      direction: this.copy, messages: this.copyMessages, bytes: this.copyBytes,
      text: text === undefined ? undefined : redactor.text(text),
      base64: text === undefined && this.copied !== '' ? bytesOf(this.copied).toString('base64') : undefined,
      truncated: this.copied.length < this.copyBytes ? true : undefined,
      failure: this.copyFailure === undefined ? undefined : redactor.text(textOf(this.copyFailure)),
    }
  }
}

/** `INSERT 0 3`: rows that the statement was about. */
function countOf(tag: string): number | string | undefined {
  const digits = / (\d{1,20})$/.exec(tag)?.[1]
  return digits === undefined ? undefined : exactNumber(BigInt(digits))
}
