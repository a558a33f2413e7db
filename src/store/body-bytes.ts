import type { JsonRecord } from '../model/api.ts'

/** What was kept of a body as bytes, codings undone; undefined where there is none. JSON and the like are written anew. */
export function bodyBytes(record: JsonRecord, side: 'request' | 'response'): { bytes: Buffer, truncated: boolean } | undefined {
  const half = record[side]
  const body = half?.body as Readonly<Record<string, unknown>> | undefined
  if (typeof body !== 'object' || body === null) return undefined
  const truncated = body.truncated === true
  if (typeof body.base64 === 'string') return { bytes: Buffer.from(body.base64, 'base64'), truncated }
  const text = bodyString(body)
  return text === undefined ? undefined : { bytes: Buffer.from(text), truncated }
}

/** The same as text; undefined where it is none. */
export function bodyString(body: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof body.text === 'string') return body.text
  if (body.json !== undefined) return JSON.stringify(body.json)
  if (Array.isArray(body.form)) return formString(body.form as { name: string, value: string }[])
  if (Array.isArray(body.events)) return (body.events as { event?: string, data: string, id?: string }[]).map(eventString).join('')
  return undefined
}

function formString(fields: readonly { readonly name: string, readonly value: string }[]): string {
  return new URLSearchParams(fields.map(({ name, value }): [string, string] => [name, value])).toString()
}

function eventString({ event, data, id }: { event?: string, data: string, id?: string }): string {
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}${data.split('\n').map((line) => `data: ${line}\n`).join('')}\n`
}
