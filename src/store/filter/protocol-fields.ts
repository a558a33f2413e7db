import { HTTP_PROTOCOLS } from './common-fields.ts'
import type { Field } from './field.ts'
import { field, inRequest, inResponse, numberOf, textOf } from './field.ts'
import { HalfMembers, headersOf, pathOf, queryOf } from './halves.ts'
import { memberOfHalf } from './lazy-json.ts'
import type { FilterSubject } from './subject.ts'
import type { FilterValue } from './value.ts'

const HTTP = HTTP_PROTOCOLS
const TARGET = textOf(inRequest('path'), ...HTTP)

const target = (s: FilterSubject): string => TARGET(s) as string

/** A part of each element of a list, where it is text. */
function partsOf(get: Field['get'], part: string): Field['get'] {
  return (s) => {
    const list = get(s)
    if (!Array.isArray(list)) return []
    return (list as readonly unknown[]).map((entry) => (entry as Record<string, unknown> | null)?.[part]).filter((text) => typeof text === 'string')
  }
}

function hostOf(s: FilterSubject): string {
  if (!HTTP.includes(s.protocol) || s.request === undefined) return ''
  const authority = memberOfHalf(s.request, 'authority')
  if (typeof authority === 'string') return authority
  const host = headersOf(s.request, 'headers')?.member('host')
  return typeof host === 'string' ? host : ''
}

const half = (which: 'request' | 'response', key: string) => (s: FilterSubject): FilterValue => {
  const value = s[which]
  return value === undefined ? null : new HalfMembers(value, which === 'request').member(key)
}

const onlyWith = (protocol: string, get: Field['get']): Field['get'] => (s) => s.protocol === protocol ? get(s) : []

const text = (name: string, what: string, get: Field['get'], protocols: readonly string[], aliases: readonly string[] = []): Field =>
  field(name, 'string', what, textOf(get, ...protocols), { protocols, aliases })
const integer = (name: string, what: string, get: Field['get'], protocols: readonly string[], none = 0): Field =>
  field(name, 'int', what, numberOf(get, none, ...protocols), { protocols })

const HTTP_FIELDS: readonly Field[] = [
  text('method', 'GET, POST …; of AMQP its method', (s) => inRequest('method')(s), [...HTTP, 'amqp']),
  field('path', 'string', 'path without its query', (s) => pathOf(target(s)), { protocols: HTTP }),
  field('url', 'string', 'path with its query, as sent', target, { protocols: HTTP }),
  field('query_string', 'string', 'what follows the question mark', (s) => queryOf(target(s)), { protocols: HTTP }),
  field('path_segments', 'list', 'parts of the path between slashes', (s) => pathOf(target(s)).split('/').filter((part) => part !== ''), { protocols: HTTP }),
  field('host', 'string', 'Host header, or :authority', hostOf, { protocols: HTTP }),
  field('status_code', 'int', 'status of HTTP (or another number that a protocol answers with); 0 without one', (s) => s.statusCode > 0 ? s.statusCode : 0, { protocols: HTTP, values: true }),
  text('http_version', '1.0, 1.1, 2', (s) => s.protocol === 'http2' ? '2' : inRequest('version')(s), HTTP),
  text('request_body', 'body of the request as text', half('request', 'text'), []),
  text('response_body', 'body of the response as text', half('response', 'text'), []),
  text('grpc_service', 'shop.Cart', inRequest('grpc', 'service'), ['grpc']),
  text('grpc_method', 'Get', inRequest('grpc', 'method'), ['grpc']),
  field('grpc_status', 'int', 'number of grpc-status; -1 where there is none', numberOf(inResponse('grpc', 'statusCode'), -1, 'grpc'), { protocols: ['grpc'] }),
  text('graphql_operation', 'name of the operation', inRequest('graphql', 'name'), ['graphql', 'websocket']),
  text('ws_kind', 'text, binary, close', (s) => inRequest('kind')(s) ?? inResponse('kind')(s), ['websocket'], ['ws_opcode']),
  text('ws_request', 'what the client said', half('request', 'text'), ['websocket']),
  text('ws_response', 'what the server said', half('response', 'text'), ['websocket']),
]

const OTHER_FIELDS: readonly Field[] = [
  field('dns_questions', 'list', 'names asked for', onlyWith('dns', partsOf(inRequest('questions'), 'name')), { protocols: ['dns'] }),
  field('dns_question_types', 'list', 'A, AAAA …', onlyWith('dns', partsOf(inRequest('questions'), 'type')), { protocols: ['dns'] }),
  field('dns_answers', 'list', 'data of the answers', onlyWith('dns', partsOf(inResponse('answers'), 'data')), { protocols: ['dns'] }),
  text('tlsx_sni', 'server name asked for', inRequest('sni'), ['tls']),
  text('tlsx_version', 'TLS 1.3', inResponse('version'), ['tls']),
  text('tlsx_cipher_suite', 'agreed cipher suite', inResponse('cipherSuite'), ['tls']),
  text('tlsx_group', 'key exchange group', inResponse('group'), ['tls']),
  text('tlsx_alpn', 'protocol that the server chose, where it is in the clear', inResponse('alpn'), ['tls']),
  text('tlsx_ja3', 'fingerprint of the client', inRequest('ja3'), ['tls']),
  text('tlsx_ja4', 'fingerprint of the client', inRequest('ja4'), ['tls']),
  text('redis_command', 'GET, HSET …', inRequest('command'), ['redis']),
  text('redis_type', 'type of the reply', inResponse('type'), ['redis']),
  text('redis_key', 'first argument of the command', inRequest('arguments', 0), ['redis']),
  text('memcached_command', 'get, set …', inRequest('command'), ['memcached']),
  text('memcached_key', 'key of one item', inRequest('key'), ['memcached']),
  text('kafka_api_key_name', 'Produce, Fetch …', inRequest('api'), ['kafka']),
  integer('kafka_api_key', 'number of the kind', inRequest('apiKey'), ['kafka'], -1),
  text('kafka_client_id', 'as sent', inRequest('clientId'), ['kafka']),
  integer('kafka_size', 'bytes of the request', inRequest('sizeBytes'), ['kafka']),
  text('amqp_method', 'Basic.Publish …', inRequest('method'), ['amqp']),
  text('mongodb_command', 'find, insert …', inRequest('command'), ['mongodb']),
  text('mongodb_database', 'database', inRequest('database'), ['mongodb']),
  text('mongodb_collection', 'collection', inRequest('collection'), ['mongodb']),
  text('mysql_command', 'query, execute …', inRequest('command'), ['mysql']),
  text('mysql_query', 'the statement', inRequest('query'), ['mysql']),
  integer('mysql_error_code', 'number of the error', inResponse('error', 'code'), ['mysql']),
  text('postgresql_command', 'query, extended, startup …', inRequest('type'), ['postgres']),
  text('postgresql_query', 'the statement', inRequest('query'), ['postgres']),
  text('postgresql_error_code', 'SQLSTATE of the error', inResponse('error', 'code'), ['postgres']),
]

export const PROTOCOL_FIELDS: readonly Field[] = [...HTTP_FIELDS, ...OTHER_FIELDS]
