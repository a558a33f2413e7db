import { TUNNEL_PROTOCOL } from '../model/tunnel-protocol.ts'
import type { Message } from '../model/message.ts'
import type { ClientProof } from './joined-request.ts'

/** What one handshake says about its connection; undefined where it was not seen. */
export interface TlsFacts {
  version: string | undefined
  suite: string | undefined
  group: string | undefined
  alpn: string | undefined
  sni: string | undefined
  resumed: boolean | undefined
  clientProof: ClientProof
}

export type TlsKind = 'handshake' | 'ciphertext' | 'closed'

/** Beyond its Finished a client without a certificate sends at most an empty Certificate message (30 bytes); the smallest certificate with its signature needs more than this. */
const MIN_CERTIFICATE_BYTES = 250

type Half = Record<string, unknown>

/** Which of the messages of docs/protocols/tls.md it is. */
export function tlsKind(message: Message): TlsKind | undefined {
  const kind = (message.request as Half | undefined)?.kind ?? (message.response as Half | undefined)?.kind
  return kind === 'handshake' || kind === 'ciphertext' || kind === 'closed' ? kind : undefined
}

/** Whether the client of the connection can put several of its apps' into it. What the server chose is not seen in TLS 1.3. */
export function offersTunnel({ request }: Message): boolean {
  const offered = (request as Half | undefined)?.alpn
  return Array.isArray(offered) && offered.includes(TUNNEL_PROTOCOL)
}

/** Of the ClientHello, in hex, where the handshake was seen as a whole: no two connections have the same. */
export function clientRandom({ complete, request }: Message): string | undefined {
  return complete ? text((request as Half | undefined)?.random) : undefined
}

export function tlsFacts(handshake: Message): TlsFacts {
  const request = (handshake.request ?? {}) as Half
  const response = (handshake.response ?? {}) as Half
  return {
    version: text(response.version),
    suite: text(response.cipherSuite),
    group: text(response.group),
    alpn: text(response.alpn),
    sni: text(request.sni),
    resumed: typeof response.resumed === 'boolean' ? response.resumed : undefined,
    clientProof: clientProof(request, response),
  }
}

/** Of what was never seen. */
export const NO_FACTS: Readonly<TlsFacts> = {
  version: undefined, suite: undefined, group: undefined, alpn: undefined, sni: undefined, resumed: undefined, clientProof: 'unknown',
}

/** What several connections have in common. */
export function commonFacts(all: readonly Readonly<TlsFacts>[]): TlsFacts {
  const [first = NO_FACTS, ...others] = all
  const common = <K extends keyof TlsFacts>(key: K): TlsFacts[K] | undefined => others.every((facts) => facts[key] === first[key]) ? first[key] : undefined
  return {
    version: common('version'), suite: common('suite'), group: common('group'), alpn: common('alpn'), sni: common('sni'),
    resumed: common('resumed'), clientProof: common('clientProof') ?? 'unknown',
  }
}

function clientProof(request: Half, response: Half): ClientProof {
  // Who the client is was settled in the session that is resumed (RFC 8446 §2.2, RFC 5246 §F.1.4).
  if (response.resumed === true) return 'unknown'
  const certificate = request.certificate as { chainLength?: unknown } | null | undefined
  if (certificate !== undefined && certificate !== null) return Number(certificate.chainLength) > 0 && request.certificateVerify === true ? 'certificate' : 'none'
  if (response.certificateRequested === false) return 'none'
  return flightProof(request.clientFlight as { bytes?: unknown, end?: unknown } | undefined, response.finishedRecordBytes)
}

function flightProof(flight: { bytes?: unknown, end?: unknown } | null | undefined, finishedBytes: unknown): ClientProof {
  if (flight === undefined || flight === null || flight.end === 'turn' || typeof flight.bytes !== 'number' || typeof finishedBytes !== 'number') return 'unknown'
  return flight.bytes - finishedBytes >= MIN_CERTIFICATE_BYTES ? 'inferred' : 'none'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
