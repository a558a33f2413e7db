import type { EnumType, FieldType, MessageType } from './types.ts'
import { TYPE } from './types.ts'
import { FORMS, lowerCamel } from './well-known.ts'

const LINE = /^(enum|partial)? ?([\w.]+):(?: (.*))?$/
const FIELD = /^(\w+)=(\d+) (?:map<(\w+), ?([\w.]+)>|(enum )?([\w.]+)(\*)?)(?: \|(\w+))?$/
const VALUE = /^(\w+)=(\d+)$/

export interface TypeTable {
  readonly messages: Map<string, MessageType>
  readonly enums: Map<string, EnumType>
}

/**
 * Types out of a short notation: one a line, `package.Name: field=1 type, list=2 type*, table=3 map<string, type>, either=4 type |oneof`,
 * `enum package.Name: A=0, B=1`. A line that begins with `partial` lists only some of the fields.
 */
export function typesOf(notation: string): TypeTable {
  const table: TypeTable = { messages: new Map(), enums: new Map() }
  for (const line of notation.trim().split('\n')) {
    const [, kind, name = '', fields = ''] = LINE.exec(line)!
    if (kind === 'enum') table.enums.set(name, new Map(fields.split(', ').map(enumValue)))
    else addMessage(table, name, fields, kind === 'partial')
  }
  return table
}

function enumValue(text: string): [number, string] {
  const [, name = '', number] = VALUE.exec(text)!
  return [Number(number), name]
}

function addMessage(table: TypeTable, name: string, text: string, isPartial: boolean): void {
  const parts = text === '' ? [] : text.split(/, (?=\w+=)/)
  const oneofs = new Map<string, string[]>()
  const fields = parts.map((part) => fieldOf(part, name, table, oneofs))
  table.messages.set(name, { name, fields: new Map(fields.map((field) => [field.number, field])), isMapEntry: false, isPartial, form: FORMS.get(name) })
}

function fieldOf(part: string, parent: string, table: TypeTable, oneofs: Map<string, string[]>): FieldType {
  const [, name = '', number, key, value, isEnum, typeName = '', list, oneof] = FIELD.exec(part)!
  const entry = `${parent}.${name}Entry`
  if (key !== undefined) addEntry(table, entry, `key=1 ${key}, value=2 ${value}`)
  const field = { key: lowerCamel(name), number: Number(number), isRepeated: key !== undefined || list !== undefined, rivals: rivalsIn(oneofs, oneof, lowerCamel(name)) }
  return { ...field, ...key === undefined ? typed(typeName, isEnum !== undefined) : typed(entry, false) }
}

function addEntry(table: TypeTable, name: string, fields: string): void {
  addMessage(table, name, fields, false)
  table.messages.set(name, { ...table.messages.get(name)!, isMapEntry: true })
}

function typed(name: string, isEnum: boolean): { type: number, typeName: string } {
  if (isEnum) return { type: TYPE.enum, typeName: name }
  return name in TYPE ? { type: TYPE[name as keyof typeof TYPE], typeName: '' } : { type: TYPE.message, typeName: name }
}

/** One list for all of a oneof, to which each adds itself. */
function rivalsIn(oneofs: Map<string, string[]>, oneof: string | undefined, key: string): string[] {
  if (oneof === undefined) return []
  const rivals = oneofs.get(oneof) ?? []
  oneofs.set(oneof, rivals)
  rivals.push(key)
  return rivals
}
