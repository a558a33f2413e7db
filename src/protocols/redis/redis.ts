import type { Protocol } from '../protocol.ts'
import { RedisConnection } from './connection.ts'
import { probe } from './probe.ts'

/** RESP2 and RESP3, as Redis, Valkey and their kin speak it: one message for each command with its reply, one for each push. */
export const redis: Protocol = {
  name: 'redis',
  spec: 'https://redis.io/docs/latest/develop/reference/protocol-spec/',
  ports: [6379, 6380, 7000, 7001, 26379],
  probe,
  open: (sink, settings) => new RedisConnection(sink, settings),
}
