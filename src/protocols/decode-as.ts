import { MtlscopeError } from '../base/errors.ts'
import { nearestName } from '../base/nearest.ts'
import { DATAGRAM_PROTOCOLS, PROTOCOLS } from './registry.ts'

/** Which protocol to assume at a port, without looking at the content. Plain data: it is sent to other threads. */
export interface DecodeAs {
  readonly tcp: Readonly<Record<number, string>>
  readonly udp: Readonly<Record<number, string>>
}

export const DECODE_NOTHING: DecodeAs = { tcp: {}, udp: {} }

const FORM = /^(?:(tcp|udp):)?(\d{1,5})=(.+)$/

/** `9999=redis`, `udp:5300=dns`; the later of two for one port counts. Throws 'usage' where a word is no port or no protocol. */
export function parseDecodeAs(words: readonly string[]): DecodeAs {
  const tcp: Record<number, string> = {}
  const udp: Record<number, string> = {}
  for (const word of words) {
    const [, transport = 'tcp', port = '', name = ''] = FORM.exec(word) ?? []
    if (port === '' || Number(port) > 65_535 || Number(port) === 0) {
      throw new MtlscopeError('usage', `not a port and a protocol: ${word}`, { hint: 'example: --decode-as 9999=http1 or --decode-as udp:5300=dns' })
    }
    const known = (transport === 'tcp' ? PROTOCOLS : DATAGRAM_PROTOCOLS).map((protocol) => protocol.name)
    if (!known.includes(name)) throw unknownProtocol(name, transport, known);
    (transport === 'tcp' ? tcp : udp)[Number(port)] = name
  }
  return { tcp, udp }
}

function unknownProtocol(name: string, transport: string, known: readonly string[]): MtlscopeError {
  const near = nearestName(name, known)
  const list = `over ${transport.toUpperCase()} there are: ${known.join(', ')}`
  return new MtlscopeError('usage', `no protocol named ${name}`, { hint: near === undefined ? list : `did you mean ${near}? ${list}` })
}

/** What to assume of a flow: by the server's port, or else the client's, as who is who may be a guess. */
export function assumedProtocol(ports: Readonly<Record<number, string>>, serverPort: number, clientPort: number): string | undefined {
  return ports[serverPort] ?? ports[clientPort]
}
