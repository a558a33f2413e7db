import type { Protocol } from '../protocol.ts'
import { Http2Connection } from './connection.ts'
import { probe } from './probe.ts'

/** HTTP/2: one message for each stream, or for each part of one that stays open. */
export const http2: Protocol = {
  name: 'http2',
  spec: 'https://www.rfc-editor.org/rfc/rfc9113',
  ports: [50051, 8082, 15010, 18000],
  probe,
  open: (sink, settings, handover) => new Http2Connection(sink, settings, handover),
}
