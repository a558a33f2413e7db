import type { Endpoint } from '../../model/flow.ts'
import type { Field } from './field.ts'
import { field } from './field.ts'
import { HalfMembers } from './halves.ts'
import type { FilterValue, Members } from './value.ts'

/** Protocols whose messages are exchanges of HTTP. */
export const HTTP_PROTOCOLS: readonly string[] = ['http1', 'http2', 'grpc', 'graphql']

/** `src` and `dst` with their members. */
class EndMembers implements Members {
  readonly #end: Endpoint

  constructor(end: Endpoint) {
    this.#end = end
  }

  member(key: string): FilterValue {
    const { ip, port, name = '' } = this.#end
    return key === 'ip' ? ip : key === 'port' ? port : key === 'name' ? name : key === 'namespace' ? namespaceOf(name) : null
  }

  keys(): readonly string[] {
    return ['ip', 'port', 'name', 'namespace']
  }

  toJSON(): unknown {
    return this.#end
  }
}

/** What follows the first dot of a workload's name: `sock-shop` of `carts.sock-shop`; '' where there is none. */
export function namespaceOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}

function flag(name: string, protocols: readonly string[], what: string, aliases: readonly string[] = []): Field {
  return field(name, 'bool', what, (s) => protocols.includes(s.protocol), { aliases })
}

/** A flag by name: the protocols that it stands for. */
export const PROTOCOL_FLAGS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  http: HTTP_PROTOCOLS, http1: ['http1'], http2: ['http2'], grpc: ['grpc'], gql: ['graphql'], graphql: ['graphql'], ws: ['websocket'], websocket: ['websocket'],
  redis: ['redis'], kafka: ['kafka'], amqp: ['amqp'], memcached: ['memcached'], mongodb: ['mongodb'], mysql: ['mysql'], postgresql: ['postgres'], postgres: ['postgres'],
  dns: ['dns'], tlsx: ['tls'], tcp: ['tcp'], udp: ['udp'],
}))

const FLAG_WORDS: Readonly<Record<string, string>> = {
  http: 'an exchange of HTTP: HTTP/1, HTTP/2, gRPC or GraphQL', tlsx: 'a message about a TLS connection: its handshake, its end', tcp: 'a connection that no protocol claims', udp: 'datagrams that no protocol claims',
}

const flags: readonly Field[] = [...PROTOCOL_FLAGS].map(([name, protocols]) => flag(name, protocols, FLAG_WORDS[name] ?? `the protocol is ${protocols.join(' or ')}`))

export const COMMON_FIELDS: readonly Field[] = [
  ...flags,
  field('tls', 'bool', 'about a TLS connection, or read out of one', (s) => s.protocol === 'tls' || s.decrypted),
  field('decrypted', 'bool', 'read out of encrypted bytes, with the secrets of a key log', (s) => s.decrypted),
  field('complete', 'bool', 'no part is missing', (s) => s.complete),
  field('error', 'bool', 'the outcome is an error of client or server', (s) => s.outcome.endsWith('error')),
  field('protocol', 'string', 'key of the protocol: http1, http2, grpc, redis …', (s) => s.protocol, { values: true }),
  field('what', 'string', 'the line of the list: GET /cart/7', (s) => s.what),
  field('status', 'dyn', 'the protocol\'s own result: 200, "OK", "NOT_FOUND"', (s) => s.statusCode !== -1 ? s.statusCode : s.status, { values: true }),
  field('outcome', 'string', 'info, ok, redirect, client-error, server-error, none', (s) => s.outcome, { values: true }),
  field('timestamp', 'timestamp', 'when it began', (s) => s.atMicros),
  field('elapsed_time', 'int', 'microseconds from request to response; 0 where a half is missing', (s) => Math.max(0, s.elapsedMicros)),
  field('elapsed_ms', 'double', 'the same in milliseconds', (s) => Math.max(0, s.elapsedMicros) / 1000, { aliases: ['elapsedTime'] }),
  field('id', 'int', 'its number in the store', (s) => s.id),
  field('conn_id', 'string', 'id of the connection within its run', (s) => s.flow.id),
  field('capture', 'string', 'where packets came from: pcap, netns, envoy, linkerd, sidecar', (s) => s.flow.capture, { values: true, aliases: ['capture_source'] }),
  field('hop', 'string', 'clear (on a loopback, between app and proxy) or wire', (s) => s.flow.hop, { values: true }),
  field('netns', 'string', 'name of the network namespace', (s) => s.flow.namespace ?? '', { values: true }),
  field('interface', 'string', 'name of the network interface', (s) => s.flow.interface ?? '', { values: true }),
  field('from', 'string', 'who sent the request, where its hops were joined; else src.name or src.ip', (s) => s.way?.from ?? nameOrIp(s.flow.client), { values: true }),
  field('to', 'string', 'who answers it, where its hops were joined; else dst.name or dst.ip', (s) => s.way?.to ?? nameOrIp(s.flow.server), { values: true }),
  field('src', 'map', 'who opened the connection: src.ip, src.port, src.name, src.namespace', (s) => new EndMembers(s.flow.client)),
  field('dst', 'map', 'who accepted it: dst.ip, dst.port, dst.name, dst.namespace', (s) => new EndMembers(s.flow.server)),
  field('src.ip', 'string', 'address of the client', (s) => s.flow.client.ip, { values: true }),
  field('src.port', 'int', 'port of the client', (s) => s.flow.client.port, { values: true }),
  field('src.name', 'string', 'workload name of the client', (s) => s.flow.client.name ?? '', { values: true }),
  field('src.namespace', 'string', 'what follows the first dot of that name', (s) => namespaceOf(s.flow.client.name ?? '')),
  field('dst.ip', 'string', 'address of the server', (s) => s.flow.server.ip, { values: true }),
  field('dst.port', 'int', 'port of the server', (s) => s.flow.server.port, { values: true }),
  field('dst.name', 'string', 'workload name of the server', (s) => s.flow.server.name ?? '', { values: true }),
  field('dst.namespace', 'string', 'what follows the first dot of that name', (s) => namespaceOf(s.flow.server.name ?? '')),
  field('request', 'map', 'the request, with the fields of docs/protocols; request.headers["name"], request.cookies, request.query, request.path, request.text', (s) => half(s.request, true)),
  field('response', 'map', 'the response, likewise', (s) => half(s.response, false)),
  field('request_body_size', 'int', 'bytes of the request\'s body or payload as sent', (s) => Math.max(0, s.requestBytes), { aliases: ['requestSize'] }),
  field('response_body_size', 'int', 'bytes of the response\'s body or payload as sent', (s) => Math.max(0, s.responseBytes), { aliases: ['responseSize'] }),
  field('notes', 'list', 'short sentences: what is missing, tolerated, cut', (s) => s.notes),
  field('record', 'string', 'all of the message as one line of JSON: record.contains("tea-4711") searches everywhere', (s) => s.record),
]

function nameOrIp({ name = '', ip }: Endpoint): string {
  return name === '' ? ip : name
}

function half(value: object | undefined, isRequest: boolean): FilterValue {
  return value === undefined ? null : new HalfMembers(value, isRequest)
}
