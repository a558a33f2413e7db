import type { JsonObject, JsonValue } from './json-value.ts'
import type { Form } from './types.ts'

const MAX_SECONDS = 253_402_300_799
const MIN_SECONDS = -62_135_596_800
const NANOS = 1_000_000_000
const MAX_DURATION_SECONDS = 315_576_000_000

const orElse = (fallback: JsonValue): Form => (fields) => fields.value ?? fallback

/** The forms of JSON that the well-known types have of their own. https://protobuf.dev/programming-guides/json/ */
export const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['google.protobuf.Timestamp', timestamp],
  ['google.protobuf.Duration', duration],
  ['google.protobuf.FieldMask', (fields) => list(fields.paths).map((path) => lowerCamel(String(path))).join(',')],
  ['google.protobuf.Struct', (fields) => fields.fields ?? {}],
  ['google.protobuf.ListValue', (fields) => list(fields.values)],
  ['google.protobuf.Value', anyValue],
  ['google.protobuf.BoolValue', orElse(false)],
  ['google.protobuf.StringValue', orElse('')],
  ['google.protobuf.BytesValue', orElse('')],
  ...['Int64Value', 'UInt64Value'].map((name) => [`google.protobuf.${name}`, orElse('0')] as const),
  ...['Int32Value', 'UInt32Value', 'FloatValue', 'DoubleValue'].map((name) => [`google.protobuf.${name}`, orElse(0)] as const),
])

function list(field: JsonValue | undefined): JsonValue[] {
  return Array.isArray(field) ? field : []
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits; out of its range the fields stay as they are. */
function timestamp(fields: JsonObject): JsonValue {
  const seconds = Number(fields.seconds ?? 0)
  const nanos = Number(fields.nanos ?? 0)
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos < NANOS)) return fields
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`
}

function duration(fields: JsonObject): JsonValue {
  const seconds = Number(fields.seconds ?? 0)
  const nanos = Number(fields.nanos ?? 0)
  if (!(Math.abs(seconds) <= MAX_DURATION_SECONDS && Math.abs(nanos) < NANOS && seconds * nanos >= 0)) return fields
  return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`
}

function fraction(nanos: number): string {
  if (nanos === 0) return ''
  const digits = String(nanos).padStart(9, '0')
  if (nanos % 1_000_000 === 0) return `.${digits.slice(0, 3)}`
  return nanos % 1000 === 0 ? `.${digits.slice(0, 6)}` : `.${digits}`
}

/** google.protobuf.Value: the one of its fields that is there. */
function anyValue(fields: JsonObject): JsonValue {
  for (const [key, field] of Object.entries(fields)) if (key !== 'nullValue') return field
  return null
}

/** `unit_price` → `unitPrice`, as protoc makes json_name. */
export function lowerCamel(name: string): string {
  return name.includes('_') ? name.replace(/_+(.?)/gs, (_, letter: string) => letter.toUpperCase()) : name
}

/** Types whose JSON is no object, so that Any has to wrap it. */
export function hasOwnForm(name: string): boolean {
  return FORMS.has(name) || name === 'google.protobuf.Any'
}
