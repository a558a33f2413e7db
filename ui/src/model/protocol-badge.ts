/** What stands in the PROTO column. Others are shown in capitals. */
const BADGES: Readonly<Record<string, string>> = {
  http1: 'HTTP', http2: 'HTTP/2', grpc: 'gRPC', graphql: 'GraphQL', websocket: 'WS', tls: 'TLS', dns: 'DNS', redis: 'Redis', kafka: 'Kafka', amqp: 'AMQP',
  postgres: 'PgSQL', mysql: 'MySQL', mongodb: 'Mongo', memcached: 'Memc', tcp: 'TCP', udp: 'UDP',
}

export function protocolBadge(protocol: string): string {
  return BADGES[protocol] ?? protocol.toUpperCase()
}
