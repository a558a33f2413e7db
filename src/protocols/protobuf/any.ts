import { Buffer } from 'node:buffer'
import type { Decoding } from './decode.ts'
import { guessMessage } from './guess.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { base64 } from './text.ts'
import { hasOwnForm } from './well-known.ts'

/** google.protobuf.Any: the fields of the message within, beside its `@type`; without its schema what can be guessed. */
export function decodeAny(fields: JsonObject, decoding: Decoding): JsonValue {
  const url = String(fields.typeUrl ?? '')
  const name = url.slice(url.lastIndexOf('/') + 1)
  const type = decoding.types.message(name)
  const bytes = Buffer.from(String(fields.value ?? ''), 'base64')
  const inner = type === undefined ? undefined : decoding.inner(bytes, type)
  if (inner === undefined) {
    const guess = guessMessage(bytes, decoding.redactor)
    return { '@type': url, value: base64(bytes, 0, bytes.length, decoding.redactor), ...guess !== undefined && bytes.length > 0 && { fields: guess.fields as unknown as JsonValue } }
  }
  if (hasOwnForm(name) || typeof inner !== 'object' || Array.isArray(inner)) return { '@type': url, value: inner }
  return { '@type': url, ...inner }
}
