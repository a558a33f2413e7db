/** One kind of request with its answer, all versions. The facts are those of https://kafka.apache.org/protocol. */
export interface ApiSchema {
  readonly key: number
  readonly name: string
  readonly maxVersion: number
  /** First version with compact lengths and tagged fields; undefined: none has them. */
  readonly flexibleFrom: number | undefined
  /**
   * Fields in the order of the wire. `name:type`, `name:[type]` an array, `name{ … }` a structure, `name[ … ]` an array of structures.
   * Behind it `?` where it may be null (`?3+`: from version 3 on), `@3+`, `@0-7`, `@5` the versions that have it, `#0` its tag
   * (`#0:12+`: a tagged field from version 12 on).
   */
  readonly request: string
  readonly response: string
}

export const BOOL = 0
export const I8 = 1
export const I16 = 2
export const U16 = 3
export const I32 = 4
export const U32 = 5
export const I64 = 6
export const F64 = 7
export const UUID = 8
export const ERROR = 9
/** From here on the size is in the bytes. */
export const STR = 10
export const BYTES = 11
export const RECORDS = 12
/** Bytes that prove who somebody is. */
export const SECRET = 13
/** What consumers tell each other through the coordinator, within bytes. */
export const SUBSCRIPTION = 14
export const ASSIGNMENT = 15
export const STRUCT = 16
export type Kind = number

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['bool', BOOL], ['i8', I8], ['i16', I16], ['u16', U16], ['i32', I32], ['u32', U32], ['i64', I64], ['f64', F64], ['uuid', UUID], ['error', ERROR],
  ['str', STR], ['bytes', BYTES], ['records', RECORDS], ['secret', SECRET], ['subscription', SUBSCRIPTION], ['assignment', ASSIGNMENT],
])

/** Bytes of the kinds that have always as many, by kind. */
export const FIXED_BYTES: readonly number[] = [1, 1, 2, 2, 4, 4, 8, 8, 16, 2]

export interface Field {
  readonly name: string
  readonly kind: Kind
  readonly isArray: boolean
  readonly isNullable: boolean
  /** The line of a request tells something of it, or of what it holds. */
  readonly isInLine: boolean
  /** Where `kind` is STRUCT. */
  readonly struct: Struct | undefined
}

/** The fields that one version has. */
export interface Struct {
  readonly fields: readonly Field[]
  readonly tagged: ReadonlyMap<number, Field>
  readonly isFlexible: boolean
  /** A setting: `name` and `value`, of which the value may be a password. */
  readonly isSetting: boolean
}

/** Fields that say what a request is about, the first that is there. */
export const SUBJECTS: readonly string[] = [
  'groupId', 'groups', 'groupIds', 'groupsNames', 'coordinatorKeys', 'key', 'transactionalId', 'transactionalIds', 'mechanism', 'user', 'resources', 'brokerId',
]

interface Line { name: string, kind: Kind, isArray: boolean, nullable: Range | undefined, versions: Range, tag: number, tagged: Range, lines: Line[] }
interface Range { readonly from: number, readonly to: number }

/** Fields that what.ts looks at. */
const IN_LINE: ReadonlySet<string> = new Set([
  ...SUBJECTS, 'topics', 'topicNames', 'subscribedTopicNames', 'topic', 'topicId', 'partitions', 'partitionIndexes', 'partition', 'records', 'resourceName',
  'clientSoftwareName', 'clientSoftwareVersion', 'committed', 'sessionEpoch',
])
const ALL: Range = { from: 0, to: Infinity }
const NAME = /^(\w+)/
const MARKS = /\?([\d+-]*)|@([\d+-]+)|#(\d+)(?::([\d+-]+))?/g

/** The structure of one version of a message written in the notation. */
export function structOf(notation: string, version: number, isFlexible: boolean): Struct {
  const words = notation.trim().split(/\s+/).filter((word) => word !== '')
  return versionOf(parseLines(words.values()), version, isFlexible)
}

function parseLines(words: Iterator<string>): Line[] {
  const lines: Line[] = []
  for (let next = words.next(); next.done !== true && next.value !== ']' && next.value !== '}'; next = words.next()) {
    lines.push(parseLine(next.value, words))
  }
  return lines
}

function parseLine(word: string, words: Iterator<string>): Line {
  const name = NAME.exec(word)![1]!
  const opens = word.endsWith('[') || word.endsWith('{')
  const type = opens ? '' : /^\w+:(\[?)(\w+)\]?/.exec(word)![0].slice(name.length + 1)
  const line: Line = {
    name, kind: opens ? STRUCT : kindOf(type.replaceAll(/\W/g, '')), isArray: opens ? word.endsWith('[') : type.startsWith('['),
    nullable: undefined, versions: ALL, tag: -1, tagged: ALL, lines: [],
  }
  mark(line, word.slice(name.length + (type === '' ? 0 : type.length + 1)))
  if (opens) line.lines = parseLines(words)
  return line
}

function kindOf(type: string): Kind {
  const kind = KINDS.get(type)
  if (kind === undefined) throw new Error(`no such type: ${type}`)
  return kind
}

function mark(line: Line, marks: string): void {
  for (const [, nullable, versions, tag, tagged] of marks.matchAll(MARKS)) {
    if (nullable !== undefined) line.nullable = nullable === '' ? ALL : rangeOf(nullable)
    if (versions !== undefined) line.versions = rangeOf(versions)
    if (tag !== undefined) line.tag = Number(tag)
    if (tagged !== undefined) line.tagged = rangeOf(tagged)
  }
}

function rangeOf(text: string): Range {
  const [from, to] = text.split(/[+-]/)
  return { from: Number(from), to: text.endsWith('+') ? Infinity : Number(to ?? from) }
}

function has(range: Range | undefined, version: number): boolean {
  return range !== undefined && version >= range.from && version <= range.to
}

function hasLineFields(struct: Struct | undefined): boolean {
  return struct !== undefined && (struct.fields.some(({ isInLine }) => isInLine) || [...struct.tagged.values()].some(({ isInLine }) => isInLine))
}

function versionOf(lines: readonly Line[], version: number, isFlexible: boolean): Struct {
  const fields: Field[] = []
  const tagged = new Map<number, Field>()
  for (const line of lines) {
    if (!has(line.versions, version)) continue
    const { name, kind, isArray } = line
    const struct = kind === STRUCT ? versionOf(line.lines, version, isFlexible) : undefined
    const field: Field = { name, kind, isArray, isNullable: has(line.nullable, version), isInLine: IN_LINE.has(name) || hasLineFields(struct), struct }
    if (line.tag >= 0 && isFlexible && has(line.tagged, version)) tagged.set(line.tag, field)
    else fields.push(field)
  }
  const names = new Set(fields.map((field) => field.name))
  return { fields, tagged, isFlexible, isSetting: names.has('name') && names.has('value') }
}
