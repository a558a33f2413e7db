import type { Redactor } from '../redaction.ts'
import { shownValue } from './columns.ts'
import { KeptReader } from './kept-reader.ts'
import { MAX_COLUMNS } from './limits.ts'
import type { Value } from './types.ts'
import { typeName } from './types.ts'

/** The body of a Bind, or what was kept of it. */
export interface Bind { readonly parameters: readonly Parameter[], readonly resultFormats: readonly number[], readonly isWhole: boolean }

export interface Parameter { readonly isBinary: boolean, readonly kept: string | undefined }

export function parseBind(body: string): Bind {
  const reader = new KeptReader(body)
  reader.text()
  reader.text()
  const formats = u16s(reader)
  const parameters: Parameter[] = []
  for (let count = reader.u16(), i = 0; i < count && i < MAX_COLUMNS && reader.ok; i++) {
    const length = reader.i32()
    if (!reader.ok) break
    const isBinary = (formats.length === 1 ? formats[0] : formats[i]) === 1
    const kept = length < 0 ? undefined : reader.take(length)
    if (reader.ok) parameters.push({ isBinary, kept })
  }
  const resultFormats = u16s(reader)
  return { parameters, resultFormats, isWhole: reader.ok }
}

function u16s(reader: KeptReader): number[] {
  const values: number[] = []
  for (let count = reader.u16(); count > 0 && reader.ok && values.length < MAX_COLUMNS; count--) values.push(reader.i16())
  return values
}

/** Types of the parameters: of a ParameterDescription (`t`), else as far as the Parse names them. */
export function parseTypes(description: string): number[] {
  const reader = new KeptReader(description)
  const types: number[] = []
  for (let count = reader.u16(); count > 0 && reader.ok && types.length < MAX_COLUMNS; count--) types.push(reader.u32())
  return types
}

export function parameterViews(bind: Bind, types: readonly number[], redactor: Redactor): object[] {
  return bind.parameters.map(({ isBinary, kept }, i) => {
    const typeOid = types[i] ?? 0
    const value: Value = kept === undefined ? null : shownValue(typeOid, isBinary, kept, redactor)
    return { value, type: typeName(typeOid), format: isBinary ? 'binary' : 'text' }
  })
}
