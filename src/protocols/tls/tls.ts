import type { Protocol } from '../protocol.ts'
import { TlsConnection } from './connection.ts'
import { probeTls } from './probe.ts'

/** TLS 1.0 to 1.3 and what came before it, records, handshakes, alerts as far as they are in the clear; all of it where a key log has the secrets. */
export const tls: Protocol = {
  name: 'tls',
  spec: 'https://www.rfc-editor.org/rfc/rfc8446',
  ports: [443, 8443, 6443, 10250, 15443, 15008, 4143, 5671, 6380, 993, 995, 465, 636, 853],
  probe: probeTls,
  open: (sink, settings) => new TlsConnection(sink, settings),
}
