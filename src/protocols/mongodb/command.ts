import type { Buffer } from 'node:buffer'
import { ARRAY, BsonReader, STRING } from './bson.ts'
import type { Frame } from './frame.ts'
import { MAX_NAMESPACE_BYTES } from './limits.ts'
import { OP_MSG, OP_QUERY } from './op.ts'
import type { Sections } from './sections.ts'
import { countDocuments, parseSections } from './sections.ts'

/** What a request asks for, as its first line tells. */
export interface Command {
  /** `find`, `insert`, `hello`. */
  readonly name: string
  readonly collection: string | undefined
  readonly database: string | undefined
  /** Of the documents, updates or deletes that it carries. */
  readonly count: number | undefined
  /** There may be more of them. */
  readonly isCountCut: boolean
}

/** Legacy requests: flags or zero, then the namespace. */
const NAMESPACE_AT = 4
const COMMAND_COLLECTION = '$cmd'
/** Numbers to skip and to return, behind the namespace of an OP_QUERY. */
const QUERY_NUMBERS_BYTES = 8
const LEGACY: ReadonlyMap<number, string> = new Map([[2001, 'update'], [2002, 'insert'], [2004, 'query'], [2005, 'getMore'], [2006, 'delete'], [2007, 'killCursors']])
const CARRIED: readonly string[] = ['documents', 'updates', 'deletes']

function isCarried(reader: BsonReader): boolean {
  return reader.type === ARRAY && CARRIED.some((name) => reader.isNamed(name))
}

/** Undefined where nothing can be told of it. */
export function commandOf(frame: Frame): Command | undefined {
  const { body } = frame
  if (frame.op === OP_MSG) {
    const sections = parseSections(body, !frame.isCut)
    return sections.bodyAt < 0 ? undefined : fromDocument(body, sections.bodyAt, undefined, sections)
  }
  const legacy = LEGACY.get(frame.op)
  if (legacy === undefined) return undefined
  if (legacy === 'killCursors') return { name: legacy, collection: undefined, database: undefined, count: undefined, isCountCut: false }
  return fromLegacy(frame, body, legacy)
}

/** `shop.carts` at `NAMESPACE_AT`, and where it ends; undefined where it is not here. */
export function namespaceOf(body: Buffer): { database: string, collection: string, end: number } | undefined {
  const zero = body.indexOf(0, NAMESPACE_AT)
  if (zero < 0 || zero - NAMESPACE_AT > MAX_NAMESPACE_BYTES) return undefined
  const namespace = body.toString('utf8', NAMESPACE_AT, zero)
  const dot = namespace.indexOf('.')
  return { database: dot < 0 ? namespace : namespace.slice(0, dot), collection: dot < 0 ? '' : namespace.slice(dot + 1), end: zero + 1 }
}

function fromLegacy(frame: Frame, body: Buffer, name: string): Command | undefined {
  const namespace = namespaceOf(body)
  if (namespace === undefined) return undefined
  const { database, collection, end } = namespace
  if (frame.op === OP_QUERY && collection === COMMAND_COLLECTION) return fromDocument(body, end + QUERY_NUMBERS_BYTES, database, undefined)
  const count = name === 'insert' ? countDocuments(body, end, body.length) : undefined
  return { name, database, collection, count, isCountCut: frame.isCut }
}

/** The first field of a command names it, and mostly its value the collection. */
function fromDocument(body: Buffer, from: number, legacyDatabase: string | undefined, sections: Sections | undefined): Command | undefined {
  const reader = new BsonReader(body)
  const end = from + reader.documentBytes(from)
  let name: string | undefined
  let collection: string | undefined
  let database = legacyDatabase
  let count: number | undefined
  for (let at = from + 4; reader.next(at, end);) {
    const after = reader.endOfValue(end)
    if (name === undefined) {
      name = reader.name
      if (reader.type === STRING) collection = textOf(reader)
    } else if (reader.isNamed('$db')) database ??= textOf(reader)
    else if (name === 'getMore' && reader.isNamed('collection')) collection = textOf(reader)
    else if (isCarried(reader)) count = countElements(body, reader.at)
    if (after < 0) break
    at = after
  }
  if (name === undefined) return undefined
  const sequence = sections?.sequences.find((one) => CARRIED.includes(one.name))
  if (sequence !== undefined) count = countDocuments(body, sequence.from, sequence.to)
  return { name, collection, database, count, isCountCut: reader.isCut || (sections?.isCut === true && sequence !== undefined) }
}

function textOf(reader: BsonReader): string | undefined {
  const value = reader.value(0)
  return typeof value === 'string' ? value : undefined
}

function countElements(body: Buffer, from: number): number {
  const reader = new BsonReader(body)
  const end = from + reader.documentBytes(from)
  let count = 0
  for (let at = from + 4; reader.next(at, end); count++) {
    at = reader.endOfValue(end)
    if (at < 0) return count
  }
  return count
}

/** `find shop.carts`, `insert shop.orders (3)`, `ping`. */
export function commandText({ name, collection, database, count, isCountCut }: Command): string {
  const place = collection === undefined ? database === 'admin' ? '' : database ?? '' : namespaceText(database, collection)
  return `${name}${place === '' ? '' : ` ${place}`}${count === undefined ? '' : ` (${count}${isCountCut ? '+' : ''})`}`
}

function namespaceText(database: string | undefined, collection: string): string {
  return database === undefined || database === '' ? collection : collection === '' ? database : `${database}.${collection}`
}
