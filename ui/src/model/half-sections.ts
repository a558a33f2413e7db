import type { JsonRecord } from '../../../src/model/api.ts'
import { memberOf } from './filter-term.ts'

export type SideName = 'request' | 'response'
type Json = Readonly<Record<string, unknown>>

export interface FieldRow {
  readonly name: string
  readonly value: string
  /** Of the filter language, with the value to compare with; absent where there is none. */
  readonly term?: readonly [string, string | number | boolean]
}

/** A part of one half of a message, in the form it is shown in. */
export type Section =
  | { readonly kind: 'fields', readonly title: string, readonly rows: readonly FieldRow[] }
  | { readonly kind: 'body', readonly title: string, readonly body: Json }
  | { readonly kind: 'json', readonly title: string, readonly value: unknown, readonly field: string }
  | { readonly kind: 'text', readonly title: string, readonly text: string }
  | { readonly kind: 'rows', readonly title: string, readonly columns: readonly string[], readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'messages', readonly title: string, readonly messages: readonly Json[], readonly field: string }

/** Titles of members that have a better one than their own name. */
const TITLES: Readonly<Record<string, string>> = {
  headers: 'Headers', trailers: 'Trailers', interim: 'Interim responses', query: 'Statement', arguments: 'Arguments', value: 'Value', fields: 'Fields',
  records: 'Records', flags: 'Flags', authorities: 'Authorities', additionals: 'Additionals', parameters: 'Parameters', document: 'Document', certificate: 'Certificate', error: 'Error', results: 'Results', questions: 'Questions', answers: 'Answers',
}

/** Protocols within HTTP. */
const LENSES: Readonly<Record<string, string>> = { grpc: 'gRPC', graphql: 'GraphQL' }

/** Rows of a result set before "more" is only counted. */
const MAX_TABLE_ROWS = 200
/** Characters of a list that is shown in one line. */
const MAX_LIST_CHARS = 600

/** What `request` or `response` of a record holds, in the order of reading: the short values first, bodies last. Times have a tab of their own. */
export function halfSections(record: JsonRecord, side: SideName): Section[] {
  const half = record[side]
  if (half === undefined) return []
  const rest: Section[] = []
  const lenses: Section[] = []
  const short: FieldRow[] = []
  for (const [key, value] of Object.entries(half)) {
    if (key === 'durationMicros' || (key === 'complete' && value === true)) continue
    const field = `${side}.${key}`
    if (isShortList(value)) short.push({ name: key, value: value.join(', ') })
    else if (isScalar(value) && !isLongText(key, value)) short.push({ name: key, value: scalarText(value), term: [key === 'path' && half.method !== undefined ? `${side}.url` : field, value] })
    else if (isObject(value) && LENSES[key] !== undefined) lenses.push(...lensSections(value, field, LENSES[key]))
    else if (key === 'body' && isObject(value) && record.protocol === 'mongodb') rest.push({ kind: 'json', title: side === 'request' ? 'Command' : 'Reply', value, field })
    else if (value !== null && value !== undefined) rest.push(...memberSections(key, value, field))
  }
  const query = side === 'request' ? querySection(half) : []
  const cookies = cookieSection(half, side)
  const bodies = rest.filter((section) => section.kind === 'body')
  const others = rest.filter((section) => section.kind !== 'body')
  const general: Section[] = short.length === 0 ? [] : [{ kind: 'fields', title: 'General', rows: short }]
  return [...general, ...lenses, ...query, ...others, ...cookies, ...bodies]
}

function memberSections(key: string, value: unknown, field: string): Section[] {
  const title = TITLES[key] ?? spacedText(key)
  if (typeof value === 'string') return [{ kind: 'text', title, text: value }]
  if (key === 'body' && isObject(value)) return [{ kind: 'body', title: 'Body', body: value }]
  if (isObject(value) && Object.values(value).length > 0 && Object.values(value).every(isScalar)) {
    return [{ kind: 'fields', title, rows: Object.entries(value).map(([name, member]) => ({ name, value: scalarText(member as string), term: [`${field}.${name}`, member as string] })) }]
  }
  if (isPairs(value)) return value.length === 0 ? [] : [{ kind: 'fields', title, rows: pairRows(value, field) }]
  if (key === 'results' && Array.isArray(value)) return value.flatMap((result: unknown, at) => resultSections(result, value.length === 1 ? title : `${title} ${at + 1}`, field))
  if (Array.isArray(value) && value.length > 0 && value.every(isFlat)) return [tableSection(title, value as Json[])]
  return [{ kind: 'json', title, value, field }]
}

/** What a protocol within HTTP says: its short values, its messages, the rest. */
function lensSections(lens: Json, field: string, title: string): Section[] {
  const short: FieldRow[] = []
  const rest: Section[] = []
  for (const [key, value] of Object.entries(lens)) {
    const path = `${field}.${key}`
    if (key === 'messages' && Array.isArray(value)) rest.push({ kind: 'messages', title: `Messages (${value.length})`, messages: value.filter(isObject), field: path })
    else if (isShortList(value)) short.push({ name: key, value: value.join(', ') })
    else if (isScalar(value) && !isLongText(key, value)) short.push({ name: key, value: scalarText(value), term: [path, value] })
    else if (value !== null && value !== undefined) rest.push(...memberSections(key, value, path))
  }
  return short.length === 0 ? rest : [{ kind: 'fields', title, rows: short }, ...rest]
}

/** `a=1&b` of a path: decoded, in its order. */
function querySection(half: Json): Section[] {
  const path = typeof half.path === 'string' ? half.path : ''
  const at = path.indexOf('?')
  if (at < 0 || half.method === undefined) return []
  const rows = [...new URLSearchParams(path.slice(at + 1))].map(([name, value]): FieldRow => ({ name, value, term: [memberOf('request.query', name), value] }))
  return rows.length === 0 ? [] : [{ kind: 'fields', title: 'Query', rows }]
}

function cookieSection(half: Json, side: SideName): Section[] {
  if (!isPairs(half.headers)) return []
  const wanted = side === 'request' ? 'cookie' : 'set-cookie'
  const values = half.headers.filter(({ name, value }) => name.toLowerCase() === wanted && !value.startsWith('[redacted]')).map(({ value }) => value)
  const rows = values.flatMap((value) => (side === 'request' ? value.split(/;\s*/) : [value])).filter((text) => text !== '').map((text): FieldRow => {
    const at = text.indexOf('=')
    return at < 0 ? { name: text, value: '' } : { name: text.slice(0, at), value: text.slice(at + 1) }
  })
  return rows.length === 0 ? [] : [{ kind: 'fields', title: side === 'request' ? 'Cookies' : 'Cookies set', rows }]
}

function resultSections(result: unknown, title: string, field: string): Section[] {
  if (!isObject(result) || !Array.isArray(result.rows) || !result.rows.every(isObject)) return [{ kind: 'json', title, value: result, field }]
  const names = Array.isArray(result.columns) ? result.columns.map((column: unknown) => (isObject(column) ? String(column.name) : String(column))) : []
  const short = Object.entries(result).filter(([, value]) => isScalar(value)).map(([name, value]): FieldRow => ({ name, value: scalarText(value as string) }))
  const general: Section[] = short.length === 0 ? [] : [{ kind: 'fields', title, rows: short }]
  return [...general, tableSection('Rows', result.rows as Json[], names)]
}

function tableSection(title: string, rows: readonly Json[], first: readonly string[] = []): Section {
  const columns = [...new Set([...first, ...rows.slice(0, MAX_TABLE_ROWS).flatMap(Object.keys)])]
  const shown = rows.slice(0, MAX_TABLE_ROWS).map((row) => columns.map((name) => (isScalar(row[name]) ? scalarText(row[name]) : row[name] === undefined ? '' : JSON.stringify(row[name]))))
  return { kind: 'rows', title: rows.length > MAX_TABLE_ROWS ? `${title} (the first ${MAX_TABLE_ROWS} of ${rows.length})` : `${title} (${rows.length})`, columns, rows: shown }
}

interface Pair { readonly name: string, readonly value: string }

function pairRows(pairs: readonly Pair[], field: string): FieldRow[] {
  const isMap = /\.(headers|trailers)$/.test(field)
  return pairs.map(({ name, value }) => (isMap && !value.startsWith('[redacted]') ? { name, value, term: [memberOf(field, name), value] } : { name, value }))
}

function isPairs(value: unknown): value is Pair[] {
  return Array.isArray(value) && value.every((item) => isObject(item) && typeof item.name === 'string' && typeof item.value === 'string')
}

function isFlat(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((member) => isScalar(member) || (Array.isArray(member) && member.every(isScalar)))
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** `keyShares` → `Key shares`. */
function spacedText(key: string): string {
  const words = key.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

/** Names of versions, suites and the like: one line says them all. */
function isShortList(value: unknown): value is (string | number | boolean)[] {
  return Array.isArray(value) && value.length > 0 && value.every(isScalar) && value.join(', ').length <= MAX_LIST_CHARS
}

function isLongText(key: string, value: unknown): boolean {
  return typeof value === 'string' && (key === 'query' || value.length > 200 || value.includes('\n'))
}

function scalarText(value: string | number | boolean): string {
  return String(value)
}
