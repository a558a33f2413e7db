import type { Protocol } from '../protocol.ts'
import { Http1Connection } from './connection.ts'
import { probe } from './probe.ts'

/** HTTP/1.0 and HTTP/1.1: one message for each request with its response. */
export const http1: Protocol = {
  name: 'http1',
  spec: 'https://www.rfc-editor.org/rfc/rfc9112',
  ports: [80, 8080, 8000, 8888, 3000, 5000, 9080, 15001, 15006],
  probe,
  open: (sink, settings) => new Http1Connection(sink, settings),
}
