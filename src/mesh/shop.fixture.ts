import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { HopMessage } from './joined-request.ts'

/** One TLS connection or readable one, of which messages are made. */
export interface Line { readonly from: string, readonly to: string, readonly port: number }

export const IPS: Record<string, string> = { web: '10.77.0.1', cart: '10.77.0.2', stock: '10.77.0.3', ads: '10.77.0.4' }

export interface Said { what?: string, status?: number, atMicros: number, elapsedMicros?: number, requestBytes?: number, responseBytes?: number, complete?: boolean }

function flow(namespace: string | undefined, hop: 'clear' | 'wire', id: string, client: FlowInfo['client'], server: FlowInfo['server']): FlowInfo {
  return { id, client, server, capture: 'sidecar', hop, namespace, interface: hop === 'clear' ? 'lo' : 'eth0', firstMicros: 1 }
}

function message(protocol: string, parts: Partial<Message>): Message {
  return {
    protocol, atMicros: 0, elapsedMicros: undefined, what: '', status: undefined, outcome: 'ok',
    request: undefined, response: undefined, complete: true, notes: [], ...parts,
  }
}

function http(said: Said): Message {
  const { what = 'GET /cart/7', status = 200, atMicros, elapsedMicros, requestBytes = 0, responseBytes = 20, complete = true } = said
  return message('http1', { what, status, atMicros, elapsedMicros, complete, request: { bodyBytes: requestBytes }, response: { bodyBytes: responseBytes } })
}

/** Read on the loopback of `namespace`, on a connection to that port there. */
export function clear(namespace: string, port: number, said: Said): HopMessage {
  return { flow: flow(namespace, 'clear', `${namespace}-lo-${port}`, { ip: '127.0.0.1', port: 40_000 + port % 1000 }, { ip: '127.0.0.1', port }), message: http(said) }
}

function wireFlow(namespace: string, { from, to, port }: Line): FlowInfo {
  return flow(namespace, 'wire', `${namespace}-eth0-${from}-${port}`, { ip: IPS[from]!, port, name: from }, { ip: IPS[to]!, port: 8080, name: to })
}

/** Read on the wire, as captured in `namespace`. */
export function plain(namespace: string, line: Line, said: Said): HopMessage {
  return { flow: wireFlow(namespace, line), message: http(said) }
}

/** A handshake of TLS 1.3 whose client showed a certificate, but for what `request` and `response` say otherwise. */
export function handshake(namespace: string, line: Line, atMicros: number, request: object = {}, response: object = {}): HopMessage {
  return {
    flow: wireFlow(namespace, line),
    message: message('tls', {
      atMicros, elapsedMicros: 900, what: 'TLS 1.3 handshake',
      request: { kind: 'handshake', sni: line.to, clientFlight: { records: 3, bytes: 900, recordSizes: [700, 126, 74], end: 'finished' }, ...request },
      response: {
        kind: 'handshake', version: 'TLS 1.3', cipherSuite: 'TLS_AES_256_GCM_SHA384', group: 'X25519MLKEM768', resumed: false,
        finishedRecordBytes: 74, ...response,
      },
    }),
  }
}

export interface TurnSaid { atMicros: number, elapsedMicros?: number, records?: number, bytes?: number }

export function turn(namespace: string, line: Line, { atMicros, elapsedMicros, records = 2, bytes = 500 }: TurnSaid): HopMessage {
  return {
    flow: wireFlow(namespace, line),
    message: message('tls', {
      atMicros, elapsedMicros, what: 'ciphertext',
      request: { kind: 'ciphertext', records: 1, bytes: bytes - 100 }, response: { kind: 'ciphertext', records: records - 1, bytes: 100 },
    }),
  }
}

export function closed(namespace: string, line: Line, atMicros: number): HopMessage {
  return { flow: wireFlow(namespace, line), message: message('tls', { atMicros, what: 'TLS 1.3 closed', request: { kind: 'closed' }, response: { kind: 'closed' } }) }
}
