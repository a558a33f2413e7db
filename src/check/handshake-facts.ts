import { createHash } from 'node:crypto'
import { CLIENT, SERVER, sideName } from '../model/side.ts'
import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { CertificateFacts } from '../protocols/tls/certificate.ts'
import { CIPHER_SUITES } from '../protocols/tls/cipher-suites.ts'
import { finishedRecordBytes } from '../protocols/tls/flight.ts'
import { GROUPS, isPostQuantum } from '../protocols/tls/groups.ts'
import type { Handshake } from '../protocols/tls/handshake.ts'
import { HandshakeMessage } from '../protocols/tls/handshake-message.ts'
import type { SignatureCheck } from '../protocols/tls/transcript.ts'
import { versionName } from '../protocols/tls/versions.ts'
import type { CertificateMemory } from './certificate-memory.ts'

/** The certificates that one side showed, where they were readable. `length` 0: it was asked and has none. */
export interface ChainFacts {
  readonly length: number
  readonly leaf?: CertificateFacts
  readonly issuers?: readonly string[]
}

/** Encrypted handshake records of one side (TLS 1.3); sizes with the headers. */
export interface FlightFacts { readonly bytes: number, readonly sizes: readonly number[], readonly end: 'finished' | 'assumed' | 'turn' }

/** What the verdict needs of one handshake. Plain data: it crosses from the capture threads. */
export interface HandshakeFacts {
  /** Something of it was seen; else the connection was joined later. */
  readonly seen: boolean
  /** From the ClientHello to both Finished, or as far as that can be told under TLS 1.3, without loss. */
  readonly complete: boolean
  readonly failure?: { readonly side: 'client' | 'server', readonly status: string }
  readonly closedBy?: 'client' | 'server'
  readonly renegotiation: boolean
  readonly version?: string
  readonly tls13: boolean
  readonly suite?: string
  readonly group?: string
  readonly postQuantum?: boolean
  readonly sni?: string
  readonly alpn: readonly string[]
  /** What the server chose, where that is readable. */
  readonly chosenAlpn?: string
  readonly retried: boolean
  readonly earlyData: boolean
  readonly resumed?: boolean
  readonly resumption?: string
  /** Digests of the sessions that the client would resume, and of those that this handshake opened or renewed. */
  readonly offeredSessions: readonly string[]
  readonly sessions: readonly string[]
  readonly decrypted: boolean
  readonly certificateRequested?: boolean
  readonly server?: ChainFacts
  readonly client?: ChainFacts
  readonly certificateVerify: boolean
  /** Undefined where the suite has the server sign nothing. */
  readonly serverSignature?: SignatureCheck
  readonly clientSignature?: SignatureCheck
  readonly clientFlight?: FlightFacts
  readonly serverFlight?: FlightFacts
  readonly finishedBytes?: number
  readonly lostBytes: number
  readonly at: Readonly<Record<HandshakeStep, Micros | undefined>>
  readonly notes: readonly string[]
}

/** Steps whose times, and so whose frames, are evidence. */
export type HandshakeStep = 'clientHello' | 'serverHello' | 'serverCertificate' | 'certificateRequest' | 'clientCertificate' | 'certificateVerify' | 'clientFlight' | 'over'

/** Undefined where the message is no handshake. Signatures are checked here, which takes some tenths of a millisecond. */
export function readHandshake(message: Message, memory: CertificateMemory): HandshakeFacts | undefined {
  return message instanceof HandshakeMessage ? factsOf(message.handshake, message, memory) : undefined
}

function factsOf(h: Handshake, message: Message, memory: CertificateMemory): HandshakeFacts {
  const hello = h.clientHello
  const suite = h.serverHello?.suite
  const group = h.serverHello?.group ?? h.keyExchange?.group
  const client = h.sides[CLIENT]
  return {
    seen: h.seen, complete: h.complete, renegotiation: h.renegotiation, tls13: h.tls13, retried: h.retry !== undefined,
    failure: h.failure && { side: sideName(h.failure.side), status: h.failure.status },
    closedBy: h.closedBy === undefined ? undefined : sideName(h.closedBy),
    version: h.version === undefined ? undefined : versionName(h.version),
    suite: suite === undefined ? undefined : CIPHER_SUITES.name(suite),
    group: group === undefined ? undefined : GROUPS.name(group),
    postQuantum: group === undefined ? undefined : isPostQuantum(group),
    sni: hello?.serverName, alpn: hello?.alpn ?? [], chosenAlpn: h.encryptedExtensions?.alpn ?? h.serverHello?.alpn,
    earlyData: h.earlyDataOffered, resumed: h.resumed, resumption: h.resumption,
    offeredSessions: offeredSessions(h), sessions: openedSessions(h),
    decrypted: h.decrypted,
    certificateRequested: certificateRequested(h),
    server: chainOf(h, SERVER, memory), client: chainOf(h, CLIENT, memory), certificateVerify: h.certificateVerify,
    ...signatures(h, memory),
    clientFlight: flightOf(h.clientFlight), serverFlight: flightOf(h.serverFlight),
    finishedBytes: h.tls13 && suite !== undefined ? finishedRecordBytes(suite) : undefined,
    lostBytes: h.lostBytes, notes: message.notes,
    at: {
      clientHello: timeOf(h.helloMicros), serverHello: timeOf(h.serverHelloMicros), serverCertificate: timeOf(h.sides[SERVER].certificateMicros),
      certificateRequest: timeOf(h.requestMicros), clientCertificate: timeOf(client.certificateMicros), certificateVerify: timeOf(h.verifyMicros),
      clientFlight: client.opaque.times[0], over: timeOf(h.overMicros),
    },
  }
}

function timeOf(atMicros: Micros): Micros | undefined {
  return atMicros < 0 ? undefined : atMicros
}

/** Only what can be proof is worth the arithmetic. */
function signatures(h: Handshake, { keyOf }: CertificateMemory): { serverSignature?: SignatureCheck, clientSignature?: SignatureCheck } {
  if (h.tls13 || !h.certificateVerify) return {}
  const { transcript } = h
  if (transcript === undefined) return { serverSignature: 'unchecked', clientSignature: 'unchecked' }
  return { serverSignature: transcript.checkServer(h, keyOf), clientSignature: transcript.checkClient(h, keyOf) }
}

/** Before TLS 1.3 the request is in the clear, and the ServerHelloDone says that there was none. */
function certificateRequested(h: Handshake): boolean | undefined {
  if (h.certificateRequest !== undefined) return true
  if (h.serverHello === undefined || h.lostBytes > 0) return undefined
  if (h.tls13) return h.sides[SERVER].finished ? false : undefined
  return h.serverHelloDone ? false : undefined
}

function chainOf(h: Handshake, side: Side, memory: CertificateMemory): ChainFacts | undefined {
  const list = h.sides[side].certificates
  if (list === undefined) return undefined
  const [leaf, ...chain] = list.ders
  return {
    length: list.chainLength,
    leaf: leaf === undefined ? undefined : memory.describe(leaf),
    issuers: chain.map((der) => memory.describe(der).subject ?? '(no subject)'),
  }
}

function flightOf(flight: Handshake['clientFlight']): FlightFacts | undefined {
  return flight && { bytes: flight.bytes, sizes: flight.recordSizes, end: flight.end }
}

/** RFC 5246 §7.3, RFC 5077 §3.4: by its number or by its ticket. */
function offeredSessions(h: Handshake): string[] {
  const hello = h.clientHello
  if (hello === undefined || h.tls13) return []
  const sessions: string[] = []
  if (hello.ticket !== undefined && hello.ticket.length > 0) sessions.push(digest('ticket', hello.ticket))
  else if (hello.sessionId.length > 0) sessions.push(digest('id', hello.sessionId))
  return sessions
}

function openedSessions(h: Handshake): string[] {
  const hello = h.serverHello
  if (hello === undefined || h.tls13) return []
  const sessions: string[] = []
  if (h.ticketSecret !== undefined && h.ticketSecret.length > 0) sessions.push(digest('ticket', h.ticketSecret))
  if (hello.sessionId.length > 0) sessions.push(digest('id', hello.sessionId))
  return sessions
}

function digest(kind: string, bytes: Uint8Array): string {
  return `${kind} ${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`
}
