import { CLIENT, SERVER, sideName } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { CertificateList } from './certificate-list.ts'
import type { CertificateRequest } from './certificate-request.ts'
import type { ClientHello } from './client-hello.ts'
import type { EncryptedExtensions } from './encrypted-extensions.ts'
import { EARLY_DATA } from './extensions.ts'
import { OpaqueRecords, alertRecordBytes, clientFlight, finishedRecordBytes, serverFlight, wholeFlight } from './flight.ts'
import type { Flight } from './flight.ts'
import { MAX_ALERTS, MAX_CERTIFICATES, MAX_CERTIFICATE_BYTES, MAX_NOTES } from './limits.ts'
import type { ServerHello } from './server-hello.ts'
import type { ServerKeyExchange } from './server-key-exchange.ts'
import type { Transcript } from './transcript.ts'
import { SSL_2, isTls13, versionName } from './versions.ts'

/** An alert as sent; only that there was one where it is encrypted. */
export interface AlertFact { level?: string, description: string }

/** What was seen of one side until the handshake was over. */
export class HandshakeSide {
  /** When the current record began. */
  recordMicros: Micros = -1
  /** Version in the header of the first record. */
  recordVersion = 0
  certificates: CertificateList | undefined
  /** When the record began that its certificates ended in. */
  certificateMicros: Micros = -1
  changedCipherSpec = false
  /** TLS 1.2 and before: the first record under the new keys came. TLS 1.3: it was decrypted. */
  finished = false
  /** What signed its CertificateVerify (TLS 1.3, decrypted). */
  signatureScheme: number | undefined
  readonly alerts: AlertFact[] = []
  /** Records of encrypted content (application data by their type). */
  readonly opaque = new OpaqueRecords()
  lostBytes = 0

  addAlert(alert: AlertFact): void {
    if (this.alerts.length < MAX_ALERTS) this.alerts.push(alert)
  }
}

export interface Failure { side: Side, status: string }

/** All that is known of one handshake. Filled by HandshakeReader, read by HandshakeMessage. */
export class Handshake {
  readonly sides: readonly [HandshakeSide, HandshakeSide] = [new HandshakeSide(), new HandshakeSide()]
  clientHello: ClientHello | undefined
  /** The second hello, after a HelloRetryRequest. */
  retriedHello: ClientHello | undefined
  retry: ServerHello | undefined
  serverHello: ServerHello | undefined
  /** The server speaks SSL 2.0: nothing behind its hello is read. */
  ssl2 = false
  helloMicros: Micros = -1
  serverHelloMicros: Micros = -1
  overMicros: Micros = -1
  keyExchange: ServerKeyExchange | undefined
  certificateRequest: CertificateRequest | undefined
  requestMicros: Micros = -1
  verifyMicros: Micros = -1
  /** What its signatures are over; only where they are to be checked (`Settings.signatures`). */
  transcript: Transcript | undefined
  clientKeyExchange = false
  certificateVerify = false
  serverHelloDone = false
  ocspStapled = false
  ticket: { lifetimeSeconds: number, bytes: number } | undefined
  /** The ticket itself, before TLS 1.3; only kept where secrets may be known. */
  ticketSecret: Uint8Array | undefined
  /** Start of the encrypted premaster secret, in hexadecimal; what the oldest key logs go by. */
  premasterStart: string | undefined
  /** Encrypted messages of it were read with secrets from a key log. */
  decrypted = false
  /** TLS 1.3, decrypted. */
  encryptedExtensions: EncryptedExtensions | undefined
  /** It is one within a connection that was protected already. */
  renegotiation = false
  /** TLS 1.2 and before: the server went to its Finished without keys of its own. Undefined while not known. */
  abbreviated: boolean | undefined
  /** Encrypted records that the client sent before the answer. */
  readonly earlyData = new OpaqueRecords()
  /** TLS 1.2: the client sent data before the server's Finished (RFC 7918). */
  falseStart = false
  /** TLS 1.3: the server's first record behind the client's flight has the size of an alert, and nothing followed yet. */
  suspectMicros: Micros = -1
  failure: Failure | undefined
  closedBy: Side | undefined
  readonly notes: string[] = []
  #notesCut = false

  note(text: string): void {
    if (this.notes.length < MAX_NOTES) {
      if (!this.notes.includes(text)) this.notes.push(text)
    } else this.#notesCut = true
  }

  get notesCut(): boolean {
    return this.#notesCut
  }

  fail(side: Side, status: string): void {
    this.failure ??= { side, status }
  }

  /** The first of a side counts. */
  takeCertificates(side: Side, list: CertificateList): void {
    this.sides[side].certificates = list
    this.sides[side].certificateMicros = this.sides[side].recordMicros
    if (list.malformed !== undefined) this.note(`the certificates of the ${sideName(side)} break their format`)
    if (list.cut) this.note(`only ${MAX_CERTIFICATES} certificates of at most ${MAX_CERTIFICATE_BYTES} bytes are kept of the ${sideName(side)}`)
  }

  /** True once anything of a handshake was understood. */
  get seen(): boolean {
    return this.clientHello !== undefined || this.serverHello !== undefined || this.retry !== undefined
  }

  /** The version agreed on; undefined before the server chose. */
  get version(): number | undefined {
    return this.ssl2 ? SSL_2 : this.serverHello?.version ?? this.retry?.version
  }

  get tls13(): boolean {
    return this.version !== undefined && isTls13(this.version)
  }

  get earlyDataOffered(): boolean {
    return this.clientHello?.has(EARLY_DATA) ?? false
  }

  /** Undefined where it cannot be told. */
  get resumption(): 'session-id' | 'ticket' | 'psk' | undefined {
    const { serverHello, clientHello } = this
    if (serverHello === undefined) return undefined
    if (this.tls13) return serverHello.selectedPsk === undefined ? undefined : 'psk'
    if (this.abbreviated !== true || clientHello === undefined) return undefined
    return (clientHello.ticketBytes ?? 0) > 0 ? 'ticket' : 'session-id'
  }

  get resumed(): boolean | undefined {
    if (this.serverHello === undefined) return undefined
    return this.tls13 ? this.serverHello.selectedPsk !== undefined : this.abbreviated
  }

  get lostBytes(): number {
    return this.sides[CLIENT].lostBytes + this.sides[SERVER].lostBytes
  }

  /** TLS 1.3: size of a record that may be an alert. */
  get alertRecordBytes(): number | undefined {
    return this.tls13 && this.serverHello !== undefined ? alertRecordBytes(this.serverHello.suite) : undefined
  }

  get clientFlight(): Flight | undefined {
    const { opaque } = this.sides[CLIENT]
    if (!this.tls13 || this.serverHello === undefined || opaque.records === 0) return undefined
    return this.decrypted ? wholeFlight(opaque) : clientFlight(opaque, this.serverHello.suite, this.earlyDataOffered)
  }

  get serverFlight(): Flight | undefined {
    const { opaque } = this.sides[SERVER]
    if (!this.tls13 || this.serverHello === undefined || opaque.records === 0) return undefined
    return this.decrypted ? wholeFlight(opaque) : serverFlight(opaque, this.serverHello.suite)
  }

  /** TLS 1.3: what the client sent is large enough to hold its Finished. */
  get clientMayHaveFinished(): boolean {
    const suite = this.serverHello?.suite
    return suite !== undefined && this.sides[CLIENT].opaque.sizes.some((size) => size >= finishedRecordBytes(suite))
  }

  /** TLS 1.3: all that the client sent behind the ServerHello is one record of the size of an alert. */
  get clientOnlyAlerted(): boolean {
    const { opaque } = this.sides[CLIENT]
    return opaque.records === 1 && opaque.last === this.alertRecordBytes
  }

  get complete(): boolean {
    if (this.failure !== undefined) return this.clientHello !== undefined && this.lostBytes === 0
    if (this.clientHello === undefined || this.serverHello === undefined || this.lostBytes > 0) return false
    if (this.tls13 && !this.decrypted) return this.clientMayHaveFinished
    return this.sides[CLIENT].finished && this.sides[SERVER].finished
  }
}

/** What stays of a handshake for the rest of its connection, so that hellos and certificates need not. */
export class HandshakeSummary {
  readonly seen: boolean
  readonly version: string | undefined
  readonly sni: string | undefined
  readonly alertRecordBytes: number | undefined

  constructor(handshake: Handshake) {
    this.seen = handshake.seen
    this.version = handshake.version === undefined ? undefined : versionName(handshake.version)
    this.sni = handshake.clientHello?.serverName
    this.alertRecordBytes = handshake.alertRecordBytes
  }
}
