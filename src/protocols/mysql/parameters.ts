import { textOf } from '../sql/byte-text.ts'
import { QUERY_ATTRIBUTES } from './capabilities.ts'
import { shown } from './columns.ts'
import type { Command } from './command.ts'
import { QUERY, STMT_EXECUTE } from './commands.ts'
import { MAX_ATTRIBUTES } from './limits.ts'
import { PacketReader } from './packet-reader.ts'
import type { Value } from './types.ts'
import { binaryValue, typeName } from './types.ts'

const UNSIGNED_FLAG = 0x8000
/** Of an execution: the count of parameters is sent, for there may be attributes among them. */
const COUNT_SENT = 0x08
const NULL_TYPE = 6

interface Parameter { readonly name?: string, readonly value: Value | undefined, readonly type: string, readonly longDataBytes?: number }

/** A query, and before it its attributes where both sides can have them (§ COM_QUERY). */
export function splitQuery(command: Command): { query: string, parameters: object[] | undefined } {
  const { body, code } = command
  const reader = new PacketReader(body, 1)
  // A statement never begins with a zero, so this also tells where the login was not captured.
  const has = code === QUERY && ((command.capabilities & QUERY_ATTRIBUTES) !== 0 || body.startsWith('\0\x01', 1))
  if (!has) return { query: reader.rest(), parameters: undefined }
  const count = reader.lenenc()
  reader.lenenc()
  const parameters = count > 0 && count <= MAX_ATTRIBUTES ? readParameters(reader, count, '', true, command).parameters : undefined
  return { query: reader.rest(), parameters }
}

/** Parameters of COM_STMT_EXECUTE; nothing where the statement is not known. */
export function executedParameters(command: Command): object {
  const { statement, code } = command
  if (code !== STMT_EXECUTE || statement === undefined) return {}
  const reader = new PacketReader(command.body, 5)
  const flags = reader.u8()
  reader.u32()
  const isCounted = (command.capabilities & QUERY_ATTRIBUTES) !== 0 && (flags & COUNT_SENT) !== 0
  const count = isCounted ? reader.lenenc() : statement.parameterCount
  if (count <= 0) return {}
  const { parameters, isWhole } = readParameters(reader, count, command.types, (command.capabilities & QUERY_ATTRIBUTES) !== 0, command)
  return { parameters, parametersTruncated: isWhole ? undefined : true }
}

function readParameters(reader: PacketReader, count: number, known: string, hasNames: boolean, command: Command): { parameters: Parameter[], isWhole: boolean } {
  const nulls = reader.take(count + 7 >> 3)
  const isBound = reader.u8() === 1
  const names: string[] = []
  let types = known
  if (isBound) {
    types = ''
    for (let i = 0; i < count && reader.ok; i++) {
      types += reader.take(2)
      if (hasNames) names.push(textOf(reader.string() ?? ''))
    }
  }
  const parameters: Parameter[] = []
  for (let i = 0; i < count && reader.ok && types.length >= (i + 1) * 2; i++) {
    const type = types.charCodeAt(i * 2) | types.charCodeAt(i * 2 + 1) << 8
    const name = names[i] === '' ? undefined : names[i]
    const parameter = readParameter(reader, type, (nulls.charCodeAt(i >> 3) & 1 << (i & 7)) !== 0, command.longData?.get(i), command)
    if (reader.ok) parameters.push({ ...name === undefined ? {} : { name }, ...parameter })
  }
  return { parameters, isWhole: reader.ok && parameters.length === count }
}

function readParameter(reader: PacketReader, type: number, isNull: boolean, longDataBytes: number | undefined, command: Command): Parameter {
  const name = typeName(type & 0xff, 0)
  if (longDataBytes !== undefined) return { value: undefined, type: name, longDataBytes }
  const value = isNull || (type & 0xff) === NULL_TYPE ? null : binaryValue(reader, type & 0xff, 63, (type & UNSIGNED_FLAG) !== 0)
  return { value: shown(value, command.redactor), type: name }
}

/** Types in a COM_STMT_EXECUTE that binds them anew, else undefined. Names of attributes are between them where they are sent. */
export function boundTypes(body: string, capabilities: number, parameterCount: number): string | undefined {
  const reader = new PacketReader(body, 5)
  const flags = reader.u8()
  reader.u32()
  const hasNames = (capabilities & QUERY_ATTRIBUTES) !== 0
  const count = hasNames && (flags & COUNT_SENT) !== 0 ? reader.lenenc() : parameterCount
  if (count <= 0) return undefined
  reader.take(count + 7 >> 3)
  if (reader.u8() !== 1) return undefined
  let types = ''
  for (let i = 0; i < count && reader.ok; i++) {
    types += reader.take(2)
    if (hasNames) reader.string()
  }
  return types
}
