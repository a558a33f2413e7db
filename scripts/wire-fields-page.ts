import { APIS, isFlexible, structFor } from '../src/protocols/kafka/apis.ts'
import type { Field, Struct } from '../src/protocols/kafka/schema.ts'
import { ASSIGNMENT, BOOL, BYTES, ERROR, F64, I16, I32, I64, I8, RECORDS, SECRET, STR, STRUCT, SUBSCRIPTION, U16, U32, UUID } from '../src/protocols/kafka/schema.ts'
import type { Method } from '../src/protocols/amqp/methods.ts'
import { methodId, methodOf } from '../src/protocols/amqp/methods.ts'

const AMQP_TYPES: Readonly<Record<string, string>> = {
  bit: 'boolean', u8: 'integer', u16: 'integer', u32: 'integer', u64: 'integer, or digits', short: 'string', long: 'string, or `{base64}`', table: 'object', secret: 'string, redacted',
}
const MAX_CLASS = 100
const MAX_METHOD = 130

/** docs/protocols/amqp-methods.md: every method with its arguments, from the table that the dissector reads by. */
export function renderAmqpMethods(): string {
  const methods: Method[] = []
  for (let of = 0; of <= MAX_CLASS; of++) {
    for (let number = 0; number <= MAX_METHOD; number++) {
      const method = methodOf(methodId(of, number))
      if (method !== undefined) methods.push(method)
    }
  }
  return `# Methods of AMQP 0-9-1

Written by \`npm run docs\` from [src/protocols/amqp/methods.ts](../../src/protocols/amqp/methods.ts). What stands in \`arguments\` of [amqp.md](amqp.md): 64-bit integers are decimal digits where they are beyond 2^53,
times and sizes are in the units of the standard: \`heartbeat\` in seconds, \`frameMax\` and \`prefetchSize\` in bytes, the others are counts and numbers.

| method | answered by | arguments |
|---|---|---|
${methods.map(amqpRow).join('\n')}
`
}

function amqpRow({ name, replies, hasContent, fields }: Method): string {
  const shown = fields.filter((field) => !field.name.startsWith('_')).map((field) => `\`${field.name}\` ${AMQP_TYPES[field.type]!}`)
  if (hasContent) shown.push('`properties`, `bodyBytes` and `body` beside them')
  return `| \`${name}\` | ${replies.map((id) => `\`${methodOf(id)!.name}\``).join(', ')} | ${shown.join('; ')} |`
}

const KAFKA_TYPES: Readonly<Record<number, string>> = {
  [BOOL]: 'boolean', [I8]: 'integer', [I16]: 'integer', [U16]: 'integer', [I32]: 'integer', [U32]: 'integer', [I64]: 'integer, or digits', [F64]: 'number', [UUID]: 'id', [ERROR]: 'error',
  [STR]: 'string', [BYTES]: 'bytes', [RECORDS]: 'records', [SECRET]: 'secret', [SUBSCRIPTION]: 'subscription', [ASSIGNMENT]: 'assignment', [STRUCT]: 'object',
}

interface Row { readonly type: string, readonly versions: number[], readonly nullable: number[], isTagged: boolean }

/** docs/protocols/kafka-fields.md: every field of every kind of request and answer, with the versions that have it. */
export function renderKafkaFields(): string {
  const known = APIS.filter((api) => api !== undefined && (api.request !== '' || api.response !== '')).map((api) => api!)
  const parts = known.map(({ key, name, maxVersion }) => {
    const flexible = Array.from({ length: maxVersion + 1 }, (_, version) => version).find((version) => isFlexible(key, version))
    return `## ${name}

Key ${key}, versions ${range([0, maxVersion])}${flexible === undefined ? '' : `, flexible from ${flexible}`}.

${table('request', rowsOf(key, maxVersion, true), maxVersion)}

${table('response', rowsOf(key, maxVersion, false), maxVersion)}
`
  })
  return `# Fields of Kafka's messages

Written by \`npm run docs\` from [src/protocols/kafka/schemas](../../src/protocols/kafka/schemas). What stands in \`fields\` of [kafka.md](kafka.md), which says how ids, errors, bytes, records, secrets,
subscriptions and assignments look. Units are in the names: \`…Ms\` are milliseconds, \`…Bytes\` bytes; the others are counts, numbers and offsets. \`a[].b\` is a member of each element of the list \`a\`.
A version that is not named has all of its kind's.

${parts.join('\n')}`
}

function rowsOf(key: number, maxVersion: number, isRequest: boolean): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (let version = 0; version <= maxVersion; version++) {
    const struct = structFor(key, version, isRequest)
    if (struct !== undefined) addRows(rows, struct, '', version)
  }
  return rows
}

function addRows(rows: Map<string, Row>, struct: Struct, prefix: string, version: number): void {
  const tagged = new Set(struct.tagged.values())
  for (const field of [...struct.fields, ...tagged]) {
    const path = `${prefix}${field.name}${field.isArray ? '[]' : ''}`
    const row = rows.get(path) ?? { type: typeOf(field), versions: [], nullable: [], isTagged: false }
    row.versions.push(version)
    if (field.isNullable) row.nullable.push(version)
    row.isTagged ||= tagged.has(field)
    rows.set(path, row)
    if (field.struct !== undefined) addRows(rows, field.struct, `${path}.`, version)
  }
}

function typeOf({ kind }: Field): string {
  return KAFKA_TYPES[kind]!
}

function table(half: string, rows: ReadonlyMap<string, Row>, maxVersion: number): string {
  if (rows.size === 0) return `No fields in the ${half}.`
  const lines = [...rows].map(([path, { type, versions, nullable, isTagged }]) => {
    const notes = [type, ...nullable.length > 0 ? [nullable.length === versions.length ? 'or null' : `or null (${range(nullable)})`] : [], ...isTagged ? ['tagged'] : []]
    return `| \`${path}\` | ${notes.join(', ')} | ${versions.length === maxVersion + 1 ? '' : range(versions)} |`
  })
  return [`| ${half} | type | versions |`, '|---|---|---|', ...lines].join('\n')
}

function range(versions: readonly number[]): string {
  const [first, last] = [versions[0]!, versions.at(-1)!]
  return first === last ? String(first) : `${first}–${last}`
}
