import type { ChainFacts, FlightFacts, HandshakeFacts } from '../check/handshake-facts.ts'
import type { JsonRecord } from '../model/api.ts'
import type { RecordProof } from '../tap/proof-line.ts'
import type { CertificateFacts } from '../protocols/tls/certificate.ts'
import { JOINED_LATE } from '../protocols/tls/handshake-message.ts'
import { microsOf } from './record-message.ts'

type Half = Readonly<Record<string, unknown>>

/**
 * What a verdict needs of a handshake: the proof of its record (proof-line.ts) with the certificates of docs/protocols/tls.md; undefined where the record is none. A record without
 * proof has neither the bytes that signatures are over nor those of sessions, so a signature counts as unchecked and a resumed session as one of which nothing is known: no verdict gets
 * better than the packets would make it.
 */
export function recordedHandshake(record: JsonRecord): HandshakeFacts | undefined {
  const { facts } = proofOf(record)
  if (facts === undefined || !isHandshake(record)) return fromDetails(record)
  return {
    ...facts, notes: record.notes ?? [],
    ...(facts.server !== undefined && { server: { ...chainOf(record.response?.certificate), length: facts.server.length } }),
    ...(facts.client !== undefined && { client: { ...chainOf(record.request?.certificate), length: facts.client.length } }),
  }
}

/** How often peer bytes of the connection broke TLS before this was said. */
export function brokenOf(record: JsonRecord): number {
  return proofOf(record).broken ?? 0
}

/** What does not look like a proof is none. */
function proofOf({ protocol, proof }: JsonRecord): RecordProof {
  const { facts, broken } = (typeof proof === 'object' && proof !== null ? proof : {}) as { facts?: Partial<HandshakeFacts> | null, broken?: unknown }
  const isWhole = protocol === 'tls' && typeof facts === 'object' && facts !== null && typeof facts.at === 'object' && facts.at !== null
    && [facts.alpn, facts.sessions, facts.offeredSessions].every((list) => Array.isArray(list)) && [facts.server, facts.client].every((chain) => chain === undefined || (typeof chain === 'object' && typeof chain?.length === 'number'))
  return { ...(isWhole && { facts: facts as HandshakeFacts }), ...(typeof broken === 'number' && { broken }) }
}

/** Of one that was not seen there is no half. */
function isHandshake({ protocol, request, response, what }: JsonRecord): boolean {
  if (protocol !== 'tls') return false
  return request === undefined && response === undefined ? what === JOINED_LATE : request?.kind === 'handshake' || response?.kind === 'handshake'
}

function fromDetails(record: JsonRecord): HandshakeFacts | undefined {
  if (!isHandshake(record)) return undefined
  const request = record.request ?? {}
  const response = record.response ?? {}
  const version = text(response.version)
  const certificateVerify = request.certificateVerify === true
  const tls13 = version === 'TLS 1.3'
  const atMicros = microsOf(record.at)
  const none = undefined
  return {
    seen: version !== undefined, complete: record.complete, ...failureOf(record), renegotiation: request.renegotiation === true, version, tls13,
    suite: text(response.cipherSuite), group: text(response.group), postQuantum: truth(response.postQuantum),
    sni: text(request.sni), alpn: texts(request.alpn), chosenAlpn: text(response.alpn), retried: response.retry !== undefined, earlyData: request.earlyData === true || request.earlyDataSent !== undefined,
    resumed: truth(response.resumed), resumption: text(response.resumption), offeredSessions: [], sessions: [], decrypted: record.decrypted === true,
    certificateRequested: truth(response.certificateRequested), server: chainOf(response.certificate), client: chainOf(request.certificate), certificateVerify,
    ...(certificateVerify && !tls13 && { serverSignature: 'unchecked', clientSignature: 'unchecked' }),
    clientFlight: flightOf(request.clientFlight), serverFlight: flightOf(response.serverFlight), finishedBytes: number(response.finishedRecordBytes), lostBytes: 0, notes: record.notes ?? [],
    at: {
      clientHello: atMicros, serverHello: record.elapsedMicros === undefined ? none : atMicros + record.elapsedMicros, serverCertificate: none, certificateRequest: none, clientCertificate: none,
      certificateVerify: none, clientFlight: none, over: typeof response.handshakeMicros === 'number' ? atMicros + response.handshakeMicros : none,
    },
  }
}

function failureOf({ outcome, status }: JsonRecord): Pick<HandshakeFacts, 'failure'> {
  if (outcome !== 'client-error' && outcome !== 'server-error') return {}
  return { failure: { side: outcome === 'client-error' ? 'client' : 'server', status: String(status ?? 'failed') } }
}

function chainOf(value: unknown): ChainFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { chainLength, leaf, chain } = value as { chainLength?: unknown, leaf?: CertificateFacts, chain?: readonly Half[] }
  return {
    length: number(chainLength) ?? 0, ...(typeof leaf === 'object' && leaf !== null && { leaf }),
    issuers: Array.isArray(chain) ? chain.map((one: Half) => text(one?.subject) ?? '(no subject)') : [],
  }
}

function flightOf(value: unknown): FlightFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { bytes, recordSizes, end } = value as Half
  if (typeof bytes !== 'number' || !Array.isArray(recordSizes)) return undefined
  return { bytes, sizes: recordSizes.filter((size) => typeof size === 'number'), end: end === 'finished' || end === 'assumed' ? end : 'turn' }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function truth(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
