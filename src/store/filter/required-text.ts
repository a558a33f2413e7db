import { literalOf, rawTextOf } from './evaluate.ts'
import type { RecordPart } from '../record-page.ts'
import type { ASTNode } from './expression.ts'

/** Shorter texts are in every page. */
const MIN_CHARS = 3
/** Written the same in a value, in JSON within JSON, and in the record; and what no decoding makes of something else. */
const PLAIN = /^[A-Za-z0-9_.:/ -]+$/
/** Members whose values stand in the record as they are; `query` is decoded, `text` may be made of JSON, whose numbers may be written anew. */
const VERBATIM = new Set(['headers', 'trailers', 'method', 'path', 'url', 'cookies', 'grpc', 'graphql', 'command', 'key', 'arguments', 'fields', 'sni', 'error', 'statement', 'collection', 'database', 'authority', 'scheme', 'reason'])
const VERBATIM_FIELDS = new Set([
  'method', 'path', 'url', 'host', 'what', 'grpc_service', 'grpc_method', 'graphql_operation', 'redis_command', 'mongodb_command', 'mongodb_collection', 'mongodb_database',
  'mysql_query', 'postgresql_query', 'tlsx_sni', 'kafka_client_id', 'kafka_api_key_name', 'amqp_method', 'record',
])

/** Of these it is known that they stand in the request. */
const OF_REQUEST = new Set(['method', 'path', 'url', 'host'])

/**
 * A text that the record of every message which matches has in it, so that whole pages without it are skipped. Undefined where none is certain.
 * The longest is the rarest, most likely.
 */
export function requiredText(ast: ASTNode | undefined): RequiredText | undefined {
  return ast === undefined ? undefined : required(ast)
}

export interface RequiredText { readonly text: string, readonly part: RecordPart }

function required(node: ASTNode): RequiredText | undefined {
  switch (node.op) {
    case '&&': return longer(required(node.args[0]), required(node.args[1]))
    case '==': return rawTextOf(node.args[0]) !== undefined || rawTextOf(node.args[1]) !== undefined ? undefined : longer(longer(literalFor(node.args[0], node.args[1]), literalFor(node.args[1], node.args[0])), keyOfEither(node.args[0], node.args[1]))
    case '<': case '<=': case '>': case '>=': return keyOfEither(node.args[0], node.args[1])
    case 'rcall': return ['contains', 'startsWith', 'endsWith'].includes(node.args[0]) && node.args[2].length === 1 ? longer(literalFor(node.args[1], node.args[2][0]!), isSomething(node.args[2][0]!) ? keyOf(node.args[1]) : undefined) : undefined
    default: return undefined
  }
}

function literalFor(field: ASTNode, literal: ASTNode): RequiredText | undefined {
  if (literal.op !== 'value' || !isVerbatim(field)) return undefined
  const text = literalOf(literal)
  return typeof text === 'string' && text.length >= MIN_CHARS && PLAIN.test(text) ? { text, part: partOf(field) } : undefined
}

/** What is compared with something that is there must be there. */
function keyOfEither(a: ASTNode, b: ASTNode): RequiredText | undefined {
  return isSomething(b) ? keyOf(a) : isSomething(a) ? keyOf(b) : undefined
}

/** A literal that what is missing equals in no sense. */
function isSomething(node: ASTNode): boolean {
  if (node.op !== 'value') return false
  const value = literalOf(node)
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

/** The longest key on the way to a member of a JSON body: keys stand in the record as they are. */
function keyOf(field: ASTNode): RequiredText | undefined {
  let key: string | undefined
  let at = field
  const names: (string | undefined)[] = []
  for (; at.op === '.' || at.op === '[]'; at = at.args[0]) {
    const name = at.op === '.' ? at.args[1] : keyLiteral(at.args[1])
    names.unshift(name)
  }
  if (at.op !== 'id' || (at.args !== 'request' && at.args !== 'response') || names[0] !== 'body' || names[1] !== 'json') return undefined
  for (const name of names.slice(2)) if (name !== undefined && name.length >= MIN_CHARS && name.length > (key?.length ?? 0) && PLAIN.test(name)) key = name
  return key === undefined ? undefined : { text: key, part: at.args }
}

function keyLiteral(node: ASTNode): string | undefined {
  const value = node.op === 'value' ? literalOf(node) : undefined
  return typeof value === 'string' ? value : undefined
}

function isVerbatim(node: ASTNode): boolean {
  if (node.op === 'id') return VERBATIM_FIELDS.has(node.args)
  return partOf(node) !== 'any' && VERBATIM.has(firstMember(node))
}

function partOf(node: ASTNode): RecordPart {
  if (node.op === 'id' && OF_REQUEST.has(node.args)) return 'request'
  let root: ASTNode = node
  while (root.op === '.' || root.op === '[]') root = root.args[0]
  return root.op === 'id' && (root.args === 'request' || root.args === 'response') ? root.args : 'any'
}

/** `headers` of `request.headers["x"]`. */
function firstMember(node: ASTNode): string {
  let at: ASTNode = node
  while ((at.op === '.' || at.op === '[]') && at.args[0].op !== 'id') at = at.args[0]
  return at.op === '.' ? at.args[1] : ''
}

function longer(a: RequiredText | undefined, b: RequiredText | undefined): RequiredText | undefined {
  return (b?.text.length ?? 0) > (a?.text.length ?? 0) ? b : a
}
