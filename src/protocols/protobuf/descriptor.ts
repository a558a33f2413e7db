import { NO_REDACTION, redactorOf } from '../redaction.ts'
import { builtInTypes } from './built-in.ts'
import { Decoding } from './decode.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { MAX_DEPTH } from './limits.ts'
import type { TypeTable } from './notation.ts'
import type { FieldType, MethodType, TypeSource } from './types.ts'
import { TYPE } from './types.ts'
import { hasOwnForm, lowerCamel } from './well-known.ts'

const REPEATED = 3

export interface SchemaTable extends TypeTable {
  /** By `package.Service/Method`. */
  readonly methods: Map<string, MethodType>
  /** Fields for messages of other scopes, by the name of the message. */
  readonly extensions: [string, FieldType][]
  /** References whose names depend on where they stand, not resolved yet. */
  relative: Relative[]
}

/** A name without a dot before it means the innermost type of that name (google/protobuf/descriptor.proto, FieldDescriptorProto.type_name). */
interface Relative { readonly target: object, readonly property: string, readonly scope: string, readonly name: string }

export function emptySchema(): SchemaTable {
  return { messages: new Map(), enums: new Map(), methods: new Map(), extensions: [], relative: [] }
}

const types: TypeSource = {
  message: (name) => builtInTypes().messages.get(name),
  enum: () => undefined,
}

/** Adds all types of a serialized google.protobuf.FileDescriptorSet; false where it is none. */
export function addDescriptorSet(table: SchemaTable, bytes: Uint8Array): boolean {
  const set = decoded(bytes, 'google.protobuf.FileDescriptorSet')
  if (set === undefined) return false
  for (const file of objects(set.file)) addFile(table, file)
  resolveNames(table, isKnownIn(table))
  extend(table, table.extensions)
  return true
}

/** Adds all types of a serialized google.protobuf.FileDescriptorProto; false where it is none. */
export function addDescriptor(table: SchemaTable, bytes: Uint8Array): boolean {
  const file = decoded(bytes, 'google.protobuf.FileDescriptorProto')
  if (file === undefined) return false
  addFile(table, file)
  return true
}

function decoded(bytes: Uint8Array, name: string): JsonObject | undefined {
  // Each value takes two bytes at least, so the bytes bound it.
  const decoding = new Decoding(bytes, types, redactorOf(NO_REDACTION), false, bytes.length)
  const value = decoding.message(0, bytes.length, builtInTypes().messages.get(name)!)
  return decoding.isBroken ? undefined : value as JsonObject
}

function addFile(table: SchemaTable, file: JsonObject): void {
  const prefix = file.package === undefined || file.package === '' ? '' : `${text(file.package)}.`
  for (const message of objects(file.messageType)) addMessage(table, prefix, message)
  for (const type of objects(file.enumType)) addEnum(table, prefix, type)
  for (const service of objects(file.service)) addService(table, prefix, service)
  addExtensions(table, prefix, file)
}

function addMessage(table: SchemaTable, prefix: string, message: JsonObject): void {
  const name = prefix + text(message.name)
  const oneofs = new Map<JsonValue, string[]>()
  const fields = objects(message.field).map((field) => fieldOf(field, undefined, oneofs, table, name))
  const { mapEntry } = message.options as JsonObject | undefined ?? {}
  if (!isFixed(name)) {
    table.messages.set(name, { name, fields: new Map(fields.map((field) => [field.number, field])), isMapEntry: mapEntry === true, isPartial: false, form: undefined })
  }
  for (const nested of objects(message.nestedType)) addMessage(table, `${name}.`, nested)
  for (const nested of objects(message.enumType)) addEnum(table, `${name}.`, nested)
  addExtensions(table, `${name}.`, message)
}

/** Well-known types stay what they are, whatever a descriptor says, and of reflection we have a better form. */
function isFixed(name: string): boolean {
  return hasOwnForm(name) || (name.startsWith('grpc.reflection.') && builtInTypes().messages.has(name))
}

function fieldOf(field: JsonObject, key: string | undefined, oneofs: Map<JsonValue, string[]>, table: SchemaTable, scope: string): FieldType {
  const { number = 0, label, type = TYPE.message, typeName, name, jsonName, oneofIndex } = field
  const own = key ?? (jsonName === undefined ? lowerCamel(text(name)) : text(jsonName))
  const fieldType = {
    number: number as number, key: own, type: type as number, typeName: withoutDot(text(typeName)), isRepeated: label === REPEATED,
    rivals: oneofIndex === undefined || field.proto3Optional === true ? [] : rivalsIn(oneofs, oneofIndex, own),
  }
  refer(table, fieldType, 'typeName', text(typeName), scope)
  return fieldType
}

/** Remembers a reference that `resolveNames` has to look at. */
function refer(table: SchemaTable, target: object, property: string, name: string, scope: string): void {
  if (name !== '' && !name.startsWith('.')) table.relative.push({ target, property, scope, name })
}

/** Makes relative names whole. What is not known yet stays in the table for the next time. */
export function resolveNames(table: SchemaTable, isKnown: (name: string) => boolean): void {
  table.relative = table.relative.filter(({ target, property, scope, name }) => {
    const found = candidates(scope, name).find(isKnown)
    if (found !== undefined) (target as Record<string, string>)[property] = found
    return found === undefined
  })
}

/** From the innermost scope outwards. */
function candidates(scope: string, name: string): string[] {
  const parts = scope.split('.').slice(0, MAX_DEPTH)
  return [...parts.map((_, i) => `${parts.slice(0, parts.length - i).join('.')}.${name}`), name]
}

function isKnownIn(table: TypeTable): (name: string) => boolean {
  const builtIn = builtInTypes()
  return (name) => [table, builtIn].some(({ messages, enums }) => messages.has(name) || enums.has(name))
}

function rivalsIn(oneofs: Map<JsonValue, string[]>, oneof: JsonValue, key: string): string[] {
  const rivals = oneofs.get(oneof) ?? []
  oneofs.set(oneof, rivals)
  rivals.push(key)
  return rivals
}

function addEnum(table: SchemaTable, prefix: string, type: JsonObject): void {
  const names = new Map<number, string>()
  for (const { name, number = 0 } of objects(type.value)) if (!names.has(number as number)) names.set(number as number, text(name))
  table.enums.set(prefix + text(type.name), names)
}

function addService(table: SchemaTable, prefix: string, service: JsonObject): void {
  for (const { name, inputType, outputType } of objects(service.method)) {
    const method = { input: withoutDot(text(inputType)), output: withoutDot(text(outputType)) }
    table.methods.set(`${prefix}${text(service.name)}/${text(name)}`, method)
    refer(table, method, 'input', text(inputType), prefix.slice(0, -1))
    refer(table, method, 'output', text(outputType), prefix.slice(0, -1))
  }
}

function addExtensions(table: SchemaTable, prefix: string, scope: JsonObject): void {
  for (const extension of objects(scope.extension)) {
    const field = fieldOf(extension, `[${prefix}${text(extension.name)}]`, new Map(), table, prefix.slice(0, -1))
    table.extensions.push([withoutDot(text(extension.extendee)), field])
  }
}

/** Makes extensions fields of the messages that they extend, where those are known. */
export function extend(table: SchemaTable, extensions: readonly (readonly [string, FieldType])[]): void {
  for (const [name, field] of extensions) {
    const message = table.messages.get(name)
    if (message !== undefined) (message.fields as Map<number, FieldType>).set(field.number, field)
  }
}

/** Names of types that fields and methods refer to and nobody knows. */
export function missingTypes(table: SchemaTable): string[] {
  const isKnown = isKnownIn(table)
  const wanted = new Set<string>()
  for (const { fields } of table.messages.values()) for (const { typeName } of fields.values()) if (typeName !== '') wanted.add(typeName)
  for (const { input, output } of table.methods.values()) wanted.add(input).add(output)
  return [...wanted].filter((name) => !isKnown(name))
}

function objects(list: JsonValue | undefined): JsonObject[] {
  return Array.isArray(list) ? list as JsonObject[] : []
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function withoutDot(name: string): string {
  return name.startsWith('.') ? name.slice(1) : name
}
