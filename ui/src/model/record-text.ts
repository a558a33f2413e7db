import type { JsonRecord } from '../../../src/model/api.ts'

type Json = Readonly<Record<string, unknown>>

/** What differs between any two messages and says nothing of them. */
const INCIDENTAL = new Set(['durationMicros'])

/** One half of a record as lines to compare: short values, headers by name, then the body. */
export function recordText(record: JsonRecord, part: 'request' | 'response'): string {
  const half = record[part]
  if (half === undefined) return part === 'response' ? '(no answer)' : '(no request)'
  const { headers, body, ...rest } = half as Json & { headers?: unknown, body?: unknown }
  const lines: string[] = []
  for (const [name, value] of Object.entries(rest)) {
    if (INCIDENTAL.has(name) || (name === 'complete' && value === true)) continue
    lines.push(...(typeof value === 'object' ? [`${name}:`, ...jsonLines(value)] : [`${name}: ${String(value)}`]))
  }
  if (Array.isArray(headers)) {
    const fields = (headers as { name: string, value: string }[]).map(({ name, value }) => `${name.toLowerCase()}: ${value}`)
    lines.push('', ...fields.sort())
  }
  if (body !== undefined) lines.push('', ...bodyLines(body as Json))
  return lines.join('\n')
}

function bodyLines(body: Json): string[] {
  if (typeof body.text === 'string') return body.text.split('\n')
  return jsonLines(body.json ?? body.form ?? body.parts ?? body.events ?? body.protobuf ?? body.hex ?? body)
}

function jsonLines(value: unknown): string[] {
  return (JSON.stringify(value, undefined, 2) ?? '').split('\n')
}
