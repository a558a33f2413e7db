import type { JsonObject, JsonValue } from './json-value.ts'

/** Numbers of google.protobuf.FieldDescriptorProto.Type. */
export const TYPE = {
  double: 1, float: 2, int64: 3, uint64: 4, int32: 5, fixed64: 6, fixed32: 7, bool: 8, string: 9,
  group: 10, message: 11, bytes: 12, uint32: 13, enum: 14, sfixed32: 15, sfixed64: 16, sint32: 17, sint64: 18,
} as const

export interface FieldType {
  readonly number: number
  /** As JSON writes it: lowerCamelCase, or `[package.name]` of an extension. */
  readonly key: string
  readonly type: number
  /** Of a message, group or enum: its full name, without a dot before it. */
  readonly typeName: string
  readonly isRepeated: boolean
  /** The others in its oneof, by key; empty where it is in none. */
  readonly rivals: readonly string[]
}

export interface MessageType {
  readonly name: string
  readonly fields: ReadonlyMap<number, FieldType>
  readonly isMapEntry: boolean
  /** Fields that are not listed are left out without a word. */
  readonly isPartial: boolean
  /** Of a well-known type: turns what its fields say into its own form of JSON. */
  readonly form: Form | undefined
}

export type Form = (fields: JsonObject) => JsonValue

/** Names by number, the first where there are several. */
export type EnumType = ReadonlyMap<number, string>

export interface MethodType {
  readonly input: string
  readonly output: string
}

/** Where types are looked up, by full name. */
export interface TypeSource {
  message(name: string): MessageType | undefined
  enum(name: string): EnumType | undefined
}
