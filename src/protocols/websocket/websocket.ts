import type { Protocol } from '../protocol.ts'
import { WebSocketConnection } from './connection.ts'
import { probe } from './probe.ts'

/** WebSocket with permessage-deflate (RFC 7692): one message for each of its messages. Begins as HTTP/1. */
export const websocket: Protocol = {
  name: 'websocket',
  spec: 'https://www.rfc-editor.org/rfc/rfc6455',
  ports: [],
  probe,
  open: (sink, settings, handover) => new WebSocketConnection(sink, settings, handover),
}
