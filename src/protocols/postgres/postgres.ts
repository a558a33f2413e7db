import type { Protocol } from '../protocol.ts'
import { PostgresConnection } from './connection.ts'
import { probe } from './probe.ts'

/** PostgreSQL's protocol 3: one message for each query string, each execution of the extended protocol, each start-up. */
export const postgres: Protocol = {
  name: 'postgres',
  spec: 'https://www.postgresql.org/docs/current/protocol.html',
  ports: [5432, 6432],
  probe,
  open: (sink, settings) => new PostgresConnection(sink, settings),
}
