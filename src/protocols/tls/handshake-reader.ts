import { CLIENT, SERVER, otherSide, sideName } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { CLOSE_NOTIFY, alertLevelName, alertName, isFatal } from './alerts.ts'
import { parseCertificateList } from './certificate-list.ts'
import { parseCertificateRequest } from './certificate-request.ts'
import { parseClientHello } from './client-hello.ts'
import type { ClientHello } from './client-hello.ts'
import { Cursor } from './cursor.ts'
import type { Handshake, HandshakeSide } from './handshake.ts'
import { HandshakeStream } from './handshake-stream.ts'
import type { HandshakeSink } from './handshake-stream.ts'
import { MAX_LIST } from './limits.ts'
import { ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, CLEAR_ALERT_BYTES, HANDSHAKE, SSL2_CLIENT_HELLO } from './record.ts'
import { parseServerHello } from './server-hello.ts'
import { parseServerKeyExchange } from './server-key-exchange.ts'
import { parseSsl2ClientHello } from './ssl2-hello.ts'
import { TLS_1_2 } from './versions.ts'

/** Handshake types (RFC 8446 §4, RFC 5246 §7.4, RFC 5077, RFC 6066). */
const HELLO_REQUEST = 0
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const NEW_SESSION_TICKET = 4
const CERTIFICATE = 11
const SERVER_KEY_EXCHANGE = 12
const CERTIFICATE_REQUEST = 13
const SERVER_HELLO_DONE = 14
const CERTIFICATE_VERIFY = 15
const CLIENT_KEY_EXCHANGE = 16
const CERTIFICATE_STATUS = 22

/** What the record is to the connection. */
export const SKIP = 0
/** Its payload is wanted. */
export const READ = 1
/** It is application data: the handshake was over before it. */
export const DATA = 2
export type Verdict = typeof SKIP | typeof READ | typeof DATA

export type Malformed = (side: Side, what: string) => void

/** Reads the records of a handshake into a Handshake, until `over`. */
export class HandshakeReader implements HandshakeSink {
  /** Nothing more belongs to the handshake. */
  over = false
  readonly facts: Handshake
  readonly #malformed: Malformed
  /** Tickets are wanted as a whole: they name a session. */
  readonly #keepsTickets: boolean
  readonly #streams: readonly [HandshakeStream, HandshakeStream]
  readonly #alertBytes: readonly [number[], number[]] = [[], []]
  /** Payload of this side cannot be read: encrypted, or out of place after a loss. */
  readonly #unreadable: [boolean, boolean] = [false, false]
  /** Pieces of a hello in the format of SSL 2.0. */
  readonly #ssl2: Uint8Array[] = []

  constructor(facts: Handshake, malformed: Malformed, keepsTickets = false) {
    this.facts = facts
    this.#keepsTickets = keepsTickets
    this.#malformed = malformed
    this.#streams = [new HandshakeStream(this, CLIENT), new HandshakeStream(this, SERVER)]
  }

  get heldBytes(): number {
    return this.#streams[CLIENT].heldBytes + this.#streams[SERVER].heldBytes + (this.facts.transcript?.heldBytes ?? 0)
  }

  record(side: Side, type: number, version: number, sizeBytes: number, length: number, at: Micros): Verdict {
    const facts = this.facts.sides[side]
    facts.recordMicros = at
    if (facts.recordVersion === 0) facts.recordVersion = version
    switch (type) {
      case APPLICATION_DATA: return this.#opaque(side, facts, sizeBytes, at)
      case HANDSHAKE:
        if (this.#unreadable[side]) return SKIP
        return this.#isEncrypted(facts) ? this.#finished(side, facts, at) : READ
      case ALERT: return length === CLEAR_ALERT_BYTES ? READ : this.#encryptedAlert(side, facts, at)
      case CHANGE_CIPHER_SPEC: this.#changeCipherSpec(side, facts); return SKIP
      case SSL2_CLIENT_HELLO: return READ
      default: return SKIP
    }
  }

  payload(side: Side, type: number, bytes: Uint8Array, from: number, to: number, last: boolean, at: Micros): void {
    if (type === HANDSHAKE) this.#streams[side].push(bytes, from, to, at)
    else if (type === SSL2_CLIENT_HELLO) this.#ssl2Hello(bytes, from, to, last)
    else this.#alertPayload(side, bytes, from, to, at)
  }

  /** Bytes were lost: what is half read is forgotten. */
  gap(side: Side, bytes: number): void {
    this.facts.sides[side].lostBytes += bytes
    this.#streams[side].reset()
    this.#alertBytes[side].length = 0
    this.facts.note(`bytes of the ${sideName(side)} were lost during the handshake`)
  }

  /** No more bytes of either side. */
  end(firstEnded: Side): void {
    const facts = this.facts
    if (facts.suspectMicros >= 0) {
      facts.fail(SERVER, 'encrypted alert')
      facts.note('the server answered the flight of the client with one record of the size of an alert and closed: it probably refused the client')
    } else if (facts.clientOnlyAlerted) {
      facts.fail(CLIENT, 'encrypted alert')
      facts.note('the client sent one record of the size of an alert instead of its Finished: it probably refused the server')
    } else facts.closedBy ??= firstEnded
    this.over = true
  }

  /** Under TLS 1.2 and before, whatever follows a ChangeCipherSpec is encrypted; under TLS 1.3 that message means nothing. */
  #isEncrypted(facts: HandshakeSide): boolean {
    return facts.changedCipherSpec && !this.facts.tls13
  }

  /** RFC 5246 §7.4.9: the first record under the new keys. */
  #finished(side: Side, facts: HandshakeSide, at: Micros): Verdict {
    facts.finished = true
    if (!this.facts.sides[otherSide(side)].finished) return SKIP
    this.facts.overMicros = at
    this.over = true
    return SKIP
  }

  #changeCipherSpec(side: Side, facts: HandshakeSide): void {
    const all = this.facts
    if (!this.#streams[side].empty && !all.tls13) {
      this.#streams[side].reset()
      this.#malformed(side, 'change cipher spec inside a handshake message')
    }
    if (facts.changedCipherSpec) return
    facts.changedCipherSpec = true
    if (side !== SERVER || all.serverHello === undefined || all.tls13 || facts.lostBytes > 0) return
    all.abbreviated = !all.serverHelloDone
  }

  #opaque(side: Side, facts: HandshakeSide, sizeBytes: number, at: Micros): Verdict {
    const all = this.facts
    if (all.serverHello === undefined) {
      if (side !== CLIENT || !all.earlyDataOffered) return DATA
      all.earlyData.add(sizeBytes, at)
      return SKIP
    }
    if (!all.tls13) return this.#opaqueBefore13(side, facts, sizeBytes, at)
    const client = all.sides[CLIENT].opaque
    if (side === CLIENT) {
      if (client.full) return DATA
      client.add(sizeBytes, at)
      return SKIP
    }
    if (client.records === 0) {
      facts.opaque.add(sizeBytes, at)
      return SKIP
    }
    if (all.suspectMicros >= 0 || sizeBytes !== all.alertRecordBytes) return DATA
    all.suspectMicros = at
    return SKIP
  }

  /** TLS 1.2 and before: only a client in a hurry sends data before the last Finished. */
  #opaqueBefore13(side: Side, facts: HandshakeSide, sizeBytes: number, at: Micros): Verdict {
    if (side === SERVER || !facts.finished || facts.opaque.full) return DATA
    this.facts.falseStart = true
    facts.opaque.add(sizeBytes, at)
    return SKIP
  }

  #encryptedAlert(side: Side, facts: HandshakeSide, at: Micros): Verdict {
    facts.addAlert({ description: 'encrypted' })
    this.facts.fail(side, 'encrypted alert')
    this.facts.overMicros = at
    this.over = true
    return SKIP
  }

  #alertPayload(side: Side, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const held = this.#alertBytes[side]
    for (let i = from; i < to && !this.over; i++) {
      held.push(bytes[i]!)
      if (held.length < 2) continue
      this.alert(side, held[0]!, held[1]!, at)
      held.length = 0
    }
  }

  /** An alert in the clear, or one that was decrypted. */
  alert(side: Side, level: number, description: number, at: Micros): void {
    const all = this.facts
    all.sides[side].addAlert({ level: alertLevelName(level), description: alertName(description) })
    if (description === CLOSE_NOTIFY) {
      all.closedBy = side
      all.note(`the ${sideName(side)} closed before the handshake was over`)
    } else if (isFatal(level, description, all.tls13)) all.fail(side, alertName(description))
    else return
    all.overMicros = at
    this.over = true
  }

  #ssl2Hello(bytes: Uint8Array, from: number, to: number, last: boolean): void {
    this.#ssl2.push(bytes.slice(from, to))
    if (!last) return
    const whole = Buffer.concat(this.#ssl2)
    this.#ssl2.length = 0
    this.#takeClientHello(parseSsl2ClientHello(this.facts.sides[CLIENT].recordVersion, whole, 0, whole.length))
  }

  handshakeTooLong(side: Side, type: number, length: number, at: Micros): void {
    if (!isKnown(type)) {
      this.#outOfPlace(side, type, at)
      return
    }
    this.facts.note(`a handshake message of the ${sideName(side)} (type ${type}, ${length} bytes) was too long to be read`)
  }

  handshakeMessage(side: Side, type: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.over || this.#unreadable[side]) return
    this.facts.transcript?.add(side, type, bytes, from, to)
    const understood = side === CLIENT ? this.#fromClient(type, bytes, from, to) : this.#fromServer(type, bytes, from, to)
    if (!understood) this.#outOfPlace(side, type, at)
  }

  /** After a late join or a loss this is an encrypted message of a side whose ChangeCipherSpec was not seen. */
  #outOfPlace(side: Side, type: number, at: Micros): void {
    this.#unreadable[side] = true
    this.#streams[side].reset()
    const facts = this.facts
    if (facts.lostBytes > 0 || facts.clientHello === undefined) this.#finished(side, facts.sides[side], at)
    else this.#malformed(side, `handshake message of type ${type} where none may be`)
  }

  #fromClient(type: number, bytes: Uint8Array, from: number, to: number): boolean {
    const all = this.facts
    switch (type) {
      case CLIENT_HELLO: this.#takeClientHello(parseClientHello(bytes, from, to)); return true
      case CERTIFICATE: this.#certificates(CLIENT, bytes, from, to); return true
      case CERTIFICATE_VERIFY: this.#certificateVerify(bytes, from, to); return true
      case CLIENT_KEY_EXCHANGE: this.#clientKeyExchange(bytes, from, to); return true
      default: return isKnown(type) && all.clientHello !== undefined
    }
  }

  #fromServer(type: number, bytes: Uint8Array, from: number, to: number): boolean {
    const all = this.facts
    switch (type) {
      case SERVER_HELLO: this.#takeServerHello(bytes, from, to); return true
      case CERTIFICATE: this.#certificates(SERVER, bytes, from, to); return true
      case SERVER_KEY_EXCHANGE: this.#keyExchange(bytes, from, to); return true
      case CERTIFICATE_REQUEST: this.#certificateRequest(bytes, from, to); return true
      case SERVER_HELLO_DONE: all.serverHelloDone = true; return true
      case CERTIFICATE_STATUS: all.ocspStapled = true; return true
      case NEW_SESSION_TICKET: this.#ticket(bytes, from, to); return true
      case HELLO_REQUEST: return true
      default: return isKnown(type) && all.serverHello !== undefined
    }
  }

  #takeClientHello(hello: ClientHello): void {
    const all = this.facts
    if (hello.malformed !== undefined) {
      this.#malformed(CLIENT, hello.malformed)
      all.note(hello.malformed)
    }
    if (hello.cut) all.note(`a list of the client hello is longer than the ${MAX_LIST} entries that are kept`)
    if (all.clientHello === undefined) {
      all.clientHello = hello
      all.helloMicros = all.sides[CLIENT].recordMicros
    } else if (all.retry !== undefined) all.retriedHello ??= hello
    else all.note('the client sent a second hello without being asked')
  }

  #takeServerHello(bytes: Uint8Array, from: number, to: number): void {
    const all = this.facts
    const hello = parseServerHello(bytes, from, to)
    if (hello.malformed !== undefined) {
      this.#malformed(SERVER, hello.malformed)
      all.note(hello.malformed)
    }
    if (hello.isRetry) all.retry ??= hello
    else if (all.serverHello === undefined) {
      all.serverHello = hello
      all.serverHelloMicros = all.sides[SERVER].recordMicros
    }
  }

  #certificateVerify(bytes: Uint8Array, from: number, to: number): void {
    const all = this.facts
    all.certificateVerify = true
    all.verifyMicros = all.sides[CLIENT].recordMicros
    all.transcript?.clientSigned(bytes, from, to)
  }

  #certificates(side: Side, bytes: Uint8Array, from: number, to: number): void {
    const facts = this.facts.sides[side]
    if (facts.certificates !== undefined) return
    const list = parseCertificateList(bytes, from, to)
    if (list.malformed !== undefined) this.#malformed(side, list.malformed)
    this.facts.takeCertificates(side, list)
  }

  #keyExchange(bytes: Uint8Array, from: number, to: number): void {
    const hello = this.facts.serverHello
    if (hello === undefined) return
    this.facts.keyExchange = parseServerKeyExchange(hello.suite, hello.version, bytes, from, to)
    this.facts.transcript?.serverSigned(bytes, from, to)
  }

  #certificateRequest(bytes: Uint8Array, from: number, to: number): void {
    const all = this.facts
    if (all.certificateRequest !== undefined) return
    all.requestMicros = all.sides[SERVER].recordMicros
    all.certificateRequest = parseCertificateRequest(all.serverHello?.version ?? TLS_1_2, bytes, from, to)
    if (all.certificateRequest.malformed === undefined) return
    this.#malformed(SERVER, all.certificateRequest.malformed)
    all.note(all.certificateRequest.malformed)
  }

  /** RFC 5246 §7.4.7.1: the premaster secret, encrypted for an RSA key. */
  #clientKeyExchange(bytes: Uint8Array, from: number, to: number): void {
    this.facts.clientKeyExchange = true
    if (to - from >= 10) this.facts.premasterStart = Buffer.from(bytes.subarray(from + 2, from + 10)).toString('hex')
  }

  /** RFC 5077 §3.3. */
  #ticket(bytes: Uint8Array, from: number, to: number): void {
    const c = new Cursor(bytes, from, to)
    const lifetimeSeconds = c.u32()
    const ticketBytes = c.u16()
    if (c.ok) this.facts.ticket = { lifetimeSeconds, bytes: ticketBytes }
    if (this.#keepsTickets || this.facts.transcript !== undefined) this.facts.ticketSecret = c.copy(ticketBytes)
  }
}

/** Types that some message of the protocol has, in the clear or not. */
function isKnown(type: number): boolean {
  return type <= 2 || (type >= 4 && type <= 6) || type === 8 || (type >= 11 && type <= 16) || (type >= 20 && type <= 25) || type === 67
}
