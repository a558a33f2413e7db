import { OUTCOMES } from '../record-columns.ts'
import { PROTOCOL_FLAGS } from './common-fields.ts'
import { Compiler, literalOf, rawTextOf } from './evaluate.ts'
import type { ASTNode } from './expression.ts'
import { fieldOf } from './fields.ts'
import type { FilterSubject } from './subject.ts'
import type { FilterValue } from './value.ts'
import { compareValues } from './value.ts'

export type SqlValue = string | number

/** A condition on the columns of `messages`. */
export interface Sql {
  readonly text: string
  readonly values: readonly SqlValue[]
  /** It says all that the filter says. False: it lets through more, never less. */
  readonly exact: boolean
}

const ALL: Sql = { text: '1', values: [], exact: false }

/** Where the value of a field stands. */
interface Column {
  readonly text: string
  readonly kind: 'number' | 'text'
  /** It is a column of another table, to which this column refers. */
  readonly through?: 'flow' | 'protocol'
  /** Where the hops of the request were joined, this column of `ways` says it, if it says anything. */
  readonly way?: 'sender' | 'receiver'
}

const num = (text: string): Column => ({ text, kind: 'number' })
const txt = (text: string): Column => ({ text, kind: 'text' })
const flowText = (text: string): Column => ({ text, kind: 'text', through: 'flow' })
const flowNum = (text: string): Column => ({ text, kind: 'number', through: 'flow' })

const COLUMNS: Readonly<Record<string, Column>> = {
  what: txt('what'), timestamp: num('at'), elapsed_time: num('max(elapsed, 0)'), elapsed_ms: num('(max(elapsed, 0) / 1000.0)'), id: num('id'), status_code: num('max(code, 0)'),
  request_body_size: num('max(request_bytes, 0)'), response_body_size: num('max(response_bytes, 0)'),
  protocol: { text: 'name', kind: 'text', through: 'protocol' },
  conn_id: flowText('key'), capture: flowText('capture'), hop: flowText('hop'), netns: flowText('namespace'), interface: flowText('interface'),
  from: { ...flowText('coalesce(nullif(client_name, \'\'), client_ip)'), way: 'sender' }, to: { ...flowText('coalesce(nullif(server_name, \'\'), server_ip)'), way: 'receiver' },
  'src.ip': flowText('client_ip'), 'src.port': flowNum('client_port'), 'src.name': flowText('client_name'),
  'dst.ip': flowText('server_ip'), 'dst.port': flowNum('server_port'), 'dst.name': flowText('server_name'),
}

const FLAGS: Readonly<Record<string, string>> = {
  complete: '(flags & 1) <> 0', decrypted: '(flags & 2) <> 0', error: 'outcome IN (4, 5)',
  tls: '((flags & 2) <> 0 OR protocol IN (SELECT id FROM protocols WHERE name = \'tls\'))',
}

/** `what` of HTTP is method and path, so that what they must have, it has. */
const NOT_A_TARGET = 'protocol NOT IN (SELECT id FROM protocols WHERE name IN (\'http1\', \'http2\'))'
const IN_LINE: ReadonlySet<string> = new Set(['path', 'url', 'method', 'query_string', 'request.path', 'request.url', 'request.method'])

/** The part of a filter that a database can answer. `nowMicros` as for parseFilter. */
export function toSql(ast: ASTNode | undefined, nowMicros: number): Sql {
  return ast === undefined ? { text: '1', values: [], exact: true } : new Translation(nowMicros).translate(ast)
}

class Translation {
  readonly #nowMicros: number

  constructor(nowMicros: number) {
    this.#nowMicros = nowMicros
  }

  translate(node: ASTNode): Sql {
    switch (node.op) {
      case '&&': return joined('AND', this.translate(node.args[0]), this.translate(node.args[1]))
      case '||': return joined('OR', this.translate(node.args[0]), this.translate(node.args[1]))
      case '!_': return this.#negation(node.args)
      case 'id': return flagSql(node.args)
      case 'value': return typeof node.args === 'boolean' ? { text: node.args ? '1' : '0', values: [], exact: true } : ALL
      case '==': case '!=': case '<': case '<=': case '>': case '>=': return this.#comparison(node.op, node.args[0], node.args[1])
      case 'in': return this.#membership(node.args[0], node.args[1])
      case 'rcall': return this.#method(node.args[0], node.args[1], node.args[2])
      default: return ALL
    }
  }

  /** Of what lets too much through nothing can be said the other way round. */
  #negation(node: ASTNode): Sql {
    const sql = this.translate(node)
    return sql.exact ? { ...sql, text: `NOT (${sql.text})` } : ALL
  }

  #comparison(op: '==' | '!=' | '<' | '<=' | '>' | '>=', a: ASTNode, b: ASTNode): Sql {
    if (rawTextOf(a) !== undefined || rawTextOf(b) !== undefined) return ALL
    const right = this.#constant(b)
    if (right !== undefined) return comparisonSql(op, nameOf(a), right)
    const left = this.#constant(a)
    return left === undefined ? ALL : comparisonSql(MIRRORED[op], nameOf(b), left)
  }

  #membership(a: ASTNode, b: ASTNode): Sql {
    if (b.op !== 'list' || b.args.length === 0) return ALL
    return b.args.map((element) => this.#comparison('==', a, element)).reduce((x, y) => joined('OR', x, y))
  }

  #method(name: string, receiver: ASTNode, args: readonly ASTNode[]): Sql {
    const field = nameOf(receiver)
    const [arg] = args
    const text = arg === undefined ? undefined : this.#constant(arg)
    if (field === undefined || typeof text !== 'string' || !isPlain(text) || args.length !== 1) return ALL
    if (IN_LINE.has(field)) return name === 'contains' || name === 'startsWith' || name === 'endsWith' ? lineSql(text) : ALL
    const column = COLUMNS[field]
    if (column?.kind !== 'text') return ALL
    switch (name) {
      case 'contains': return onColumn(column, `instr(${column.text}, ?) > 0`, [text], true)
      case 'startsWith': return onColumn(column, `substr(${column.text}, 1, length(?)) = ?`, [text, text], true)
      // SQLite counts from the end only as far as a NUL.
      case 'endsWith': return onColumn(column, `instr(${column.text}, ?) > 0`, [text], false)
      default: return ALL
    }
  }

  /** The value of what depends on no message: a literal, `now() - duration("5m")`. */
  #constant(node: ASTNode): FilterValue | undefined {
    if (node.op === 'value') return literalOf(node)
    if (!isConstant(node)) return undefined
    const value = new Compiler(this.#nowMicros).compile(node)({ subject: NOBODY, variables: [] })
    return value === null ? undefined : value
  }
}

/** Members of which something can be said, although they are no fields. */
const DEEP: ReadonlySet<string> = new Set([...IN_LINE, 'response.status'])
const NOBODY = {} as FilterSubject
const MIRRORED = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const
const CONSTANT_CALLS = new Set(['now', 'duration', 'timestamp', 'datetime'])

function isConstant(node: ASTNode): boolean {
  switch (node.op) {
    case 'value': return true
    case '-_': return isConstant(node.args)
    case '+': case '-': case '*': case '/': return isConstant(node.args[0]) && isConstant(node.args[1])
    case 'call': return CONSTANT_CALLS.has(node.args[0]) && node.args[1].every(isConstant)
    default: return false
  }
}

/** Full name of a field; undefined for what is none. */
function nameOf(node: ASTNode): string | undefined {
  const written = node.op === 'id' ? node.args : node.op === '.' && node.args[0].op === 'id' ? `${node.args[0].args}.${node.args[1]}` : undefined
  return written === undefined ? undefined : fieldOf(written)?.name ?? (DEEP.has(written) ? written : undefined)
}

function flagSql(written: string): Sql {
  const name = fieldOf(written)?.name ?? ''
  const protocols = PROTOCOL_FLAGS.get(name)
  if (protocols !== undefined) return { text: `protocol IN (SELECT id FROM protocols WHERE name IN (${marks(protocols)}))`, values: protocols, exact: true }
  return FLAGS[name] === undefined ? ALL : { text: FLAGS[name], values: [], exact: true }
}

function comparisonSql(op: '==' | '!=' | '<' | '<=' | '>' | '>=', name: string | undefined, value: FilterValue): Sql {
  if (name === undefined) return ALL
  if (typeof value === 'boolean') return flagComparison(op, name, value)
  if (typeof value === 'string' && !isPlain(value)) return ALL
  if (typeof value !== 'string' && typeof value !== 'number') return ALL
  if (name === 'status') return statusSql(op, value)
  if (name === 'response.status') return responseStatusSql(op, value)
  if (name === 'outcome') return outcomeSql(op, value)
  if (IN_LINE.has(name)) return op === '==' && typeof value === 'string' ? lineSql(value) : ALL
  const column = COLUMNS[name]
  if (column === undefined) return ALL
  if ((column.kind === 'number') !== (typeof value === 'number')) return { text: op === '!=' ? '1' : '0', values: [], exact: true }
  return onColumn(column, `${column.text} ${op === '==' ? '=' : op === '!=' ? '<>' : op} ?`, [value], true)
}

function flagComparison(op: string, name: string, value: boolean): Sql {
  if (op !== '==' && op !== '!=') return ALL
  const sql = flagSql(name)
  if (!sql.exact || sql.text === '1') return ALL
  return (op === '==') === value ? sql : { ...sql, text: `NOT (${sql.text})` }
}

/** A number or a text, whichever is there; text '' where there is none. */
function statusSql(op: string, value: SqlValue): Sql {
  const sign = op === '==' ? '=' : op === '!=' ? '<>' : op
  const [own, column] = typeof value === 'number' ? ['code <> -1', 'code'] : ['code = -1', 'status']
  if (op === '!=') return { text: `NOT (${own} AND ${column} = ?)`, values: [value], exact: true }
  return { text: `(${own} AND ${column} ${sign} ?)`, values: [value], exact: true }
}

/** Of HTTP the line of the list has method and path; of its lenses and of other protocols nothing is known here. */
function lineSql(text: string): Sql {
  return text === '' ? ALL : { text: `(${NOT_A_TARGET} OR instr(what, ?) > 0)`, values: [text], exact: false }
}

/** `response.status` of HTTP is the status, unless the stream was reset: then that is a text. */
function responseStatusSql(op: string, value: SqlValue): Sql {
  return typeof value !== 'number' || op === '!=' ? ALL : { text: `(${NOT_A_TARGET} OR code = -1 OR code ${op === '==' ? '=' : op} ?)`, values: [value], exact: false }
}

function outcomeSql(op: '==' | '!=' | '<' | '<=' | '>' | '>=', value: SqlValue): Sql {
  const fits = (name: string): boolean => {
    const order = compareValues(name, value)
    return op === '==' ? order === 0 : op === '!=' ? order !== 0 : op === '<' ? order < 0 : op === '<=' ? order <= 0 : op === '>' ? order > 0 : order >= 0
  }
  return { text: `outcome IN (${OUTCOMES.map((name, i) => fits(name) ? i : -1).filter((i) => i >= 0).join(', ')})`, values: [], exact: true }
}

function onColumn(column: Column, condition: string, values: readonly SqlValue[], exact: boolean): Sql {
  const { through, way } = column
  if (way !== undefined) return onWay(column, way, condition, values, exact)
  return { text: through === undefined ? condition : `${through} IN (SELECT id FROM ${through}s WHERE ${condition})`, values, exact }
}

function onWay(column: Column, way: string, condition: string, values: readonly SqlValue[], exact: boolean): Sql {
  const own = `flow IN (SELECT id FROM flows WHERE ${condition}) AND id NOT IN (SELECT id FROM ways WHERE ${way} <> '')`
  return { text: `((${own}) OR id IN (SELECT id FROM ways WHERE ${way} <> '' AND ${condition.replaceAll(column.text, way)}))`, values: [...values, ...values], exact }
}

function joined(word: 'AND' | 'OR', a: Sql, b: Sql): Sql {
  if (word === 'AND' && isAll(a)) return { ...b, exact: false }
  if (word === 'AND' && isAll(b)) return { ...a, exact: false }
  if (word === 'OR' && (isAll(a) || isAll(b))) return ALL
  return { text: `(${a.text} ${word} ${b.text})`, values: [...a.values, ...b.values], exact: a.exact && b.exact }
}

function isAll(sql: Sql): boolean {
  return sql.text === '1' && !sql.exact
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ')
}

/** SQLite ends texts at a NUL in places, and has no lone surrogates. */
function isPlain(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text)
}
