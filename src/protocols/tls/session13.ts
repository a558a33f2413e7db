import { copyOf } from '../../base/copy-bytes.ts'
import type { Opened } from '../../base/record-crypto.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { SecretLabel } from '../secret-source.ts'
import { CLOSE_NOTIFY, alertLevelName, alertName } from './alerts.ts'
import { parseCertificateList13 } from './certificate-list.ts'
import { parseCertificateRequest13 } from './certificate-request.ts'
import { unpackCertificate } from './compressed-certificate.ts'
import { Cursor } from './cursor.ts'
import { parseEncryptedExtensions } from './encrypted-extensions.ts'
import type { Handshake } from './handshake.ts'
import type { HandshakeSink } from './handshake-stream.ts'
import { HandshakeStream } from './handshake-stream.ts'
import { nextTrafficSecret, trafficKeys } from './key-schedule.ts'
import { MAX_FAILED_RECORDS, MAX_FLIGHT_RECORDS } from './limits.ts'
import { ALERT, APPLICATION_DATA, CLEAR_ALERT_BYTES, HANDSHAKE, HEADER_BYTES } from './record.ts'
import { AeadCipher } from './record-cipher.ts'
import type { GateVerdict } from './record-gate.ts'
import { DONE, HOLD, WAIT } from './record-gate.ts'
import type { Keys } from './record-opener.ts'
import { RecordOpener } from './record-opener.ts'
import type { SessionHost } from './session-host.ts'
import { NO_SECRETS, SideProgress, WRONG_SECRETS, aeadOpener } from './session-host.ts'
import type { SuiteCipher } from './suite-cipher.ts'

const NEW_SESSION_TICKET = 4
const END_OF_EARLY_DATA = 5
const ENCRYPTED_EXTENSIONS = 8
const CERTIFICATE = 11
const CERTIFICATE_REQUEST = 13
const CERTIFICATE_VERIFY = 15
const FINISHED = 20
const KEY_UPDATE = 24
const COMPRESSED_CERTIFICATE = 25

/** Whose keys protect a side's records: RFC 8446 §7.1. */
const EARLY = 0
const SHAKING = 1
const SHAKEN = 2
const LABELS: readonly (readonly [SecretLabel, SecretLabel])[] = [
  ['CLIENT_EARLY_TRAFFIC_SECRET', 'CLIENT_EARLY_TRAFFIC_SECRET'],
  ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_HANDSHAKE_TRAFFIC_SECRET'],
  ['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0'],
]

class Side13 extends SideProgress {
  epoch = SHAKING
  opener: RecordOpener | undefined
  /** Records before the first that opens are of keys that are not known: early data, or the handshake. */
  skipping = false
  /** Lost since the epoch began. */
  lostBytes = 0
  readonly messages: HandshakeStream

  constructor(sink: HandshakeSink, side: Side) {
    super()
    this.messages = new HandshakeStream(sink, side)
  }
}

/** Decryption of TLS 1.3, from the first encrypted record behind the ServerHello on. */
export class Session13 implements HandshakeSink {
  readonly #host: SessionHost
  readonly #suite: SuiteCipher
  readonly #clientRandom: Uint8Array
  readonly #sides: readonly [Side13, Side13]
  /** Whether the server takes the early data; undefined until it says so. */
  #earlyTaken: boolean | undefined
  #alpn: string | undefined
  /** The log has the secrets of the data only. */
  #handshakeUnread = false

  constructor(host: SessionHost, facts: Handshake, suite: SuiteCipher) {
    this.#host = host
    this.#suite = suite
    this.#clientRandom = facts.clientHello!.random
    this.#sides = [new Side13(this, CLIENT), new Side13(this, SERVER)]
    if (facts.earlyDataOffered && facts.retry === undefined) this.#sides[CLIENT].epoch = EARLY
  }

  get alpn(): string | undefined {
    return this.#alpn
  }

  get reading(): boolean {
    return this.#sides.some((side) => side.opened > 0 && !side.dead)
  }

  get heldBytes(): number {
    return this.#sides[CLIENT].messages.heldBytes + this.#sides[SERVER].messages.heldBytes
  }

  lost(side: Side, bytes: number): void {
    const state = this.#sides[side]
    state.lostBytes += bytes
    state.opener?.lost(bytes)
    state.messages.reset()
    // The answer to the early data may have been among it.
    if (side === SERVER && state.epoch === SHAKING) this.#early(false)
  }

  whole(side: Side, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): GateVerdict {
    const host = this.#host
    const state = this.#sides[side]
    if (state.epoch === EARLY && this.#earlyTaken === undefined) {
      if (host.patient) return HOLD
      this.#early(false)
    }
    if (state.opener === undefined && !this.#load(side, state)) {
      if (host.patient) return WAIT
      host.turnOff(NO_SECRETS)
    }
    const content = state.dead ? undefined : state.opener?.open(type, version, bytes, from, to) ?? this.#openNext(side, state, type, version, bytes, from, to)
    if (content === undefined) this.#failed(side, state, type, version, bytes, from, to, at)
    else {
      state.opened++
      state.failed = 0
      state.skipping = false
      if (this.#handshakeUnread) host.owner.handshakeOver(at)
      this.#take(side, state, content, to - from + HEADER_BYTES, at)
      content.release()
    }
    return DONE
  }

  #load(side: Side, state: Side13): boolean {
    if (this.#use(side, state, state.epoch)) return true
    if (state.epoch !== SHAKING) {
      if (state.epoch === SHAKEN) return false
      // The early data is lost to us, the rest need not be.
      this.#enter(state, SHAKING)
      state.skipping = true
      return this.#load(side, state)
    }
    // A log of the traffic secrets alone: the handshake stays unread, and ends where these fit.
    if (!this.#use(side, state, SHAKEN)) return false
    this.#handshakeUnread = true
    state.epoch = SHAKEN
    state.skipping = true
    return true
  }

  #use(side: Side, state: Side13, epoch: number): boolean {
    const secret = this.#host.secrets.find(LABELS[epoch]![side], this.#clientRandom)
    if (secret === undefined) return false
    state.opener = new RecordOpener(this.#keys(secret))
    return true
  }

  #keys(secret: Uint8Array): Keys {
    const { key, iv } = trafficKeys(this.#suite, secret)
    return { cipher: new AeadCipher(this.#suite, key, iv, true, aeadOpener(this.#host.secrets, this.#suite, key)), next: () => this.#keys(nextTrafficSecret(this.#suite, secret)) }
  }

  #enter(state: Side13, epoch: number): void {
    state.epoch = epoch
    state.opener = undefined
    state.lostBytes = 0
  }

  /** After a loss the end of an epoch may be among what is missing. */
  #openNext(side: Side, state: Side13, type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined {
    if (state.lostBytes === 0 || state.epoch !== SHAKING) return undefined
    const { opener } = state
    if (!this.#use(side, state, SHAKEN)) return undefined
    state.opener!.lost(state.lostBytes)
    const content = state.opener!.open(type, version, bytes, from, to)
    if (content === undefined) state.opener = opener
    else state.epoch = SHAKEN
    return content
  }

  #failed(side: Side, state: Side13, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const host = this.#host
    if (state.opener !== undefined && state.skipping && !state.dead) {
      this.#skip(side, state, type, version, bytes, from, to, at)
      return
    }
    const never = this.#sides.every((each) => each.opened === 0)
    if (never && state.opener !== undefined) host.turnOff(WRONG_SECRETS)
    if (!never) {
      host.owner.traffic[side].undecrypted++
      if (state.epoch === SHAKEN) host.missing(side, to - from, at)
      if (++state.failed >= MAX_FAILED_RECORDS) state.dead = true
    }
    host.plain(side, type, version, bytes, from, to, at)
  }

  /** The record is of keys that are not known. It does not count for those that come. */
  #skip(side: Side, state: Side13, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const host = this.#host
    state.opener!.number--
    const facts = host.owner.handshake
    if (state.epoch === SHAKEN) {
      if (++state.failed > MAX_FLIGHT_RECORDS) host.turnOff(WRONG_SECRETS)
      host.plain(side, type, version, bytes, from, to, at)
    } else {
      facts?.earlyData.add(to - from + HEADER_BYTES, at)
      if (this.#earlyTaken !== true) return
      host.note('the early data was not decrypted: the key log has no secret of it')
      host.missing(side, to - from, at)
    }
  }

  /** RFC 8446 §5.2: the content type stands behind the content, and zeros may follow. */
  #take(side: Side, state: Side13, content: Opened, sizeBytes: number, at: Micros): void {
    const { owner } = this.#host
    const { bytes, from } = content
    let end = content.to - 1
    while (end >= from && bytes[end] === 0) end--
    const type = end < from ? 0 : bytes[end]!
    if (side === SERVER && type !== ALERT && this.#sides[CLIENT].epoch === SHAKEN) owner.handshakeOver(at)
    if (type === APPLICATION_DATA) this.#data(side, state, bytes, from, end, sizeBytes, at)
    else if (type === HANDSHAKE) this.#handshake(side, state, copyOf(bytes, from, end), sizeBytes, at)
    else if (type === ALERT && end - from === CLEAR_ALERT_BYTES) this.#alert(side, bytes[from]!, bytes[from + 1]!, at)
    else owner.malformed(side, `encrypted record of type ${type} where none may be`)
  }

  /** The bytes stay: certificates are read when somebody asks for them. */
  #handshake(side: Side, state: Side13, content: Uint8Array, sizeBytes: number, at: Micros): void {
    const facts = state.epoch === SHAKING ? this.#host.owner.handshake : undefined
    facts?.sides[side].opaque.add(sizeBytes, at)
    if (facts !== undefined) facts.decrypted = true
    state.messages.push(content, 0, content.length, at)
  }

  /** A server that refuses the client's certificate says so when the client takes the handshake for done. */
  #alert(side: Side, level: number, description: number, at: Micros): void {
    const { owner } = this.#host
    if (description !== CLOSE_NOTIFY) {
      owner.alert(side, level, description, at)
      return
    }
    if (this.#sides[CLIENT].epoch === SHAKEN) owner.handshakeOver(at)
    const facts = owner.handshake
    // A server may be done with early data while the client still owes its Finished.
    if (facts !== undefined && this.#sides[side].epoch === SHAKEN) facts.sides[side].addAlert({ level: alertLevelName(level), description: alertName(description) })
    else owner.alert(side, level, description, at)
    this.#host.closed(side, at)
  }

  #data(side: Side, state: Side13, bytes: Uint8Array, from: number, to: number, sizeBytes: number, at: Micros): void {
    const { owner } = this.#host
    if (state.epoch === EARLY) owner.handshake?.earlyData.add(sizeBytes, at)
    else owner.application(side, sizeBytes, at)
    this.#host.data(side, bytes, from, to, at)
  }

  handshakeTooLong(side: Side, type: number, length: number): void {
    this.#host.owner.handshake?.note(`an encrypted handshake message of the ${side === CLIENT ? 'client' : 'server'} (type ${type}, ${length} bytes) was too long to be read`)
  }

  handshakeMessage(side: Side, type: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const state = this.#sides[side]
    const facts = this.#host.owner.handshake
    if (state.epoch === SHAKING && facts !== undefined) this.#shaking(facts, side, type, bytes, from, to, at)
    else if (state.epoch === EARLY && type === END_OF_EARLY_DATA) this.#enter(state, SHAKING)
    else this.#shaken(side, state, type)
  }

  #shaken(side: Side, state: Side13, type: number): void {
    const traffic = this.#host.owner.traffic[side]
    if (type === KEY_UPDATE) {
      traffic.keyUpdates++
      state.opener?.update()
    } else if (type === NEW_SESSION_TICKET) traffic.tickets++
    else traffic.handshakeRecords++
  }

  #shaking(facts: Handshake, side: Side, type: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const own = facts.sides[side]
    own.recordMicros = at
    switch (type) {
      case ENCRYPTED_EXTENSIONS: this.#extensions(facts, side, bytes, from, to); return
      case CERTIFICATE_REQUEST: this.#request(facts, side, bytes, from, to); return
      case CERTIFICATE: this.#certificates(facts, side, bytes, from, to); return
      case COMPRESSED_CERTIFICATE: this.#compressed(facts, side, bytes, from, to); return
      case CERTIFICATE_VERIFY:
        own.signatureScheme = new Cursor(bytes, from, to).u16()
        if (side === SERVER) return
        facts.certificateVerify = true
        facts.verifyMicros = at
        return
      case FINISHED: this.#finished(facts, side, at); return
      default: this.#host.owner.malformed(side, `encrypted handshake message of type ${type} where none may be`)
    }
  }

  #extensions(facts: Handshake, side: Side, bytes: Uint8Array, from: number, to: number): void {
    if (side !== SERVER || facts.encryptedExtensions !== undefined) return
    const found = facts.encryptedExtensions = parseEncryptedExtensions(bytes, from, to)
    if (found.malformed !== undefined) this.#host.owner.malformed(side, found.malformed)
    this.#alpn = found.alpn
    this.#early(found.earlyData)
  }

  #early(taken: boolean): void {
    if (this.#earlyTaken !== undefined) return
    this.#earlyTaken = taken
    const client = this.#sides[CLIENT]
    if (taken || client.epoch !== EARLY) return
    this.#enter(client, SHAKING)
    client.skipping = true
  }

  #request(facts: Handshake, side: Side, bytes: Uint8Array, from: number, to: number): void {
    if (side !== SERVER || facts.certificateRequest !== undefined) return
    const request = facts.certificateRequest = parseCertificateRequest13(bytes, from, to)
    facts.requestMicros = facts.sides[SERVER].recordMicros
    if (request.malformed !== undefined) this.#host.owner.malformed(side, request.malformed)
  }

  #certificates(facts: Handshake, side: Side, bytes: Uint8Array, from: number, to: number): void {
    if (facts.sides[side].certificates !== undefined) return
    const list = parseCertificateList13(bytes, from, to)
    if (list.malformed !== undefined) this.#host.owner.malformed(side, list.malformed)
    facts.takeCertificates(side, list)
  }

  #compressed(facts: Handshake, side: Side, bytes: Uint8Array, from: number, to: number): void {
    const unpacked = unpackCertificate(bytes, from, to)
    if (unpacked !== undefined) this.#certificates(facts, side, unpacked, 0, unpacked.length)
    else facts.note(`the compressed certificates of the ${side === CLIENT ? 'client' : 'server'} could not be unpacked`)
  }

  #finished(facts: Handshake, side: Side, at: Micros): void {
    facts.sides[side].finished = true
    this.#enter(this.#sides[side], SHAKEN)
    if (side === SERVER) this.#early(false)
    // Reported when the server goes on: only then is it plain that it did not refuse the client.
    else facts.overMicros = at
  }
}
