import type { Message } from '../model/message.ts'

/** Longer lines are cut in what is shown as proof. */
const MAX_PROOF_CHARS = 120

/** What is said before a connection turns to TLS: it shows nothing of what the connection is for. */
export function isPreface({ protocol, what }: Message): boolean {
  switch (protocol) {
    case 'postgres': return what === 'SSLRequest' || what === 'GSSENCRequest'
    case 'mysql': return what === 'SSLRequest' || what === 'greeting'
    case 'http1': return what.startsWith('CONNECT ')
    case 'proxy': return true
    default: return false
  }
}

const NAMES: Readonly<Record<string, string>> = {
  http1: 'HTTP/1', http2: 'HTTP/2', grpc: 'gRPC', websocket: 'WebSocket', redis: 'Redis', kafka: 'Kafka', amqp: 'AMQP', dns: 'DNS',
  postgres: 'PostgreSQL', mysql: 'MySQL', mongodb: 'MongoDB', memcached: 'memcached', graphql: 'GraphQL', proxy: 'PROXY protocol',
}

export function protocolName(protocol: string): string {
  return NAMES[protocol] ?? protocol
}

/** The first line, as the redaction rules leave it. */
export function plainText(message: Message): string {
  const { what, status } = message
  const line = what.length > MAX_PROOF_CHARS ? `${what.slice(0, MAX_PROOF_CHARS - 1)}…` : what
  return `${protocolName(message.protocol)}: ${line}${status === undefined ? '' : ` → ${status}`}`
}
