import type { Protocol } from '../protocol.ts'
import { MongodbConnection } from './connection.ts'
import { probe } from './probe.ts'

/** The wire protocol of MongoDB: one message for each request with its reply. */
export const mongodb: Protocol = {
  name: 'mongodb',
  spec: 'https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/',
  ports: [27017, 27018, 27019],
  probe,
  open: (sink, settings) => new MongodbConnection(sink, settings),
}
