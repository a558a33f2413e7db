import { CLIENT, SERVER, sideName } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { InPlaceDissector, Nested, Settings, Sink } from '../protocol.ts'
import { alertName } from './alerts.ts'
import { ClosedMessage } from './closed-message.ts'
import { Decryption } from './decryption.ts'
import { Handshake, HandshakeSummary } from './handshake.ts'
import { HandshakeMessage } from './handshake-message.ts'
import { DATA, HandshakeReader, READ } from './handshake-reader.ts'
import { MAX_SEARCH_BYTES } from './limits.ts'
import { ALERT, APPLICATION_DATA, CLEAR_ALERT_BYTES, HANDSHAKE, HEADER_BYTES, HEARTBEAT, SSL2_CLIENT_HELLO } from './record.ts'
import { RecordStream } from './record-stream.ts'
import { Transcript } from './transcript.ts'
import type { RecordSink } from './record-stream.ts'
import type { DecryptionOwner } from './session-host.ts'
import { Traffic } from './traffic.ts'
import { Turns } from './turns.ts'

/** What a handshake that is under way takes with its hellos read, measured. */
const HANDSHAKE_BYTES = 12 * 1024
const NOT_TLS = 'answered with something that is not TLS'

/** One TLS connection: a handshake message once that is over, turns of ciphertext if asked for, a closed message at the end. */
export class TlsConnection implements InPlaceDissector, RecordSink, DecryptionOwner {
  readonly #sink: Sink
  readonly #client = new Traffic()
  readonly #server = new Traffic()
  readonly traffic: readonly [Traffic, Traffic] = [this.#client, this.#server]
  readonly #streams: readonly [RecordStream, RecordStream]
  readonly #turns: Turns | undefined
  /** Undefined once the handshake was reported: from then on records are only counted. */
  #reader: HandshakeReader | undefined
  #summary: HandshakeSummary | undefined
  #firstMicros: Micros = -1
  #firstEnded: Side = CLIENT
  /** One side has ended. */
  #over = false
  #disowned = false
  /** Only where secrets are expected. */
  readonly #decryption: Decryption | undefined
  /** The current record of the side goes through the decryption. */
  readonly #gated: [boolean, boolean] = [false, false]

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#streams = [new RecordStream(this, CLIENT), new RecordStream(this, SERVER)]
    this.#turns = settings.ciphertextTurns ? new Turns((message) => sink.message(message), settings.ciphertextTurns === 'as-answered') : undefined
    this.#decryption = settings.secrets?.active === true ? new Decryption(this, settings.secrets) : undefined
    const handshake = new Handshake()
    if (settings.signatures === true) handshake.transcript = new Transcript()
    this.#reader = this.#readerOf(handshake)
  }

  #readerOf(facts: Handshake): HandshakeReader {
    return new HandshakeReader(facts, (side, what) => this.malformed(side, what), this.#decryption !== undefined)
  }

  get heldBytes(): number {
    return (this.#decryption?.heldBytes ?? 0) + this.#streams[CLIENT].waitingBytes + this.#streams[SERVER].waitingBytes + (this.#reader === undefined ? 0 : HANDSHAKE_BYTES + this.#reader.heldBytes)
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.#firstMicros < 0) this.#firstMicros = at
    this.#streams[side].dataIn(buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    if (this.#firstMicros < 0) this.#firstMicros = at
    this.#traffic(side).lostBytes += bytes
    if (this.#decryption?.engaged === true) this.#decryption.gate.gap(side, bytes, at)
    else this.plainGap(side, bytes)
    this.#streams[side].gap(bytes)
  }

  plainGap(side: Side, bytes: number): void {
    if (this.#reader === undefined) this.#turns?.lost()
    else this.#reader.gap(side, bytes)
  }

  end(side: Side, at: Micros): void {
    const traffic = this.#traffic(side)
    if (traffic.ended || this.#disowned) return
    traffic.ended = true
    const stream = this.#streams[side]
    traffic.cutBytes = stream.missingBytes
    traffic.unreadBytes += stream.waitingBytes
    if (this.#decryption === undefined) this.plainEnd(side, at)
    else this.#decryption.gate.end(side, at)
  }

  plainEnd(side: Side, at: Micros): void {
    if (this.#over) this.#close(at)
    else this.#firstEnded = side
    this.#over = true
  }

  record(side: Side, type: number, version: number, length: number, at: Micros): boolean {
    const decryption = this.#decryption
    if (decryption === undefined || type === SSL2_CLIENT_HELLO) return this.plainRecord(side, type, version, length, at)
    this.#gated[side] = decryption.engaged
    if (!this.#gated[side]) return this.plainRecord(side, type, version, length, at)
    decryption.gate.begin(side, version, length)
    return true
  }

  plainRecord(side: Side, type: number, version: number, length: number, at: Micros): boolean {
    const reader = this.#reader
    if (reader === undefined) {
      if (type === APPLICATION_DATA) {
        this.application(side, length + HEADER_BYTES, at)
        return false
      }
      return this.#control(side, type, length)
    }
    const verdict = reader.record(side, type, version, length + HEADER_BYTES, length, at)
    if (verdict === DATA) {
      this.#report(at)
      this.application(side, length + HEADER_BYTES, at)
    } else if (reader.over) this.#report(at)
    return verdict === READ
  }

  payload(side: Side, type: number, bytes: Uint8Array, from: number, to: number, last: boolean, at: Micros): void {
    if (this.#gated[side]) this.#decryption!.gate.payload(side, type, bytes, from, to, last, at)
    else this.plainPayload(side, type, bytes, from, to, last, at)
  }

  plainPayload(side: Side, type: number, bytes: Uint8Array, from: number, to: number, last: boolean, at: Micros): void {
    if (this.#reader === undefined) {
      if (type === ALERT) alertPayload(this.#traffic(side), bytes, from, to)
      return
    }
    this.#reader.payload(side, type, bytes, from, to, last, at)
    if (this.#reader.over) this.#report(at)
  }

  outOfStep(side: Side, first: boolean, offset: number): boolean {
    const handshake = this.#reader?.facts
    const answered = first && side === SERVER && handshake?.clientHello !== undefined
    if (answered) {
      this.#sink.malformed(side, NOT_TLS, offset)
      handshake.fail(SERVER, 'not TLS')
      handshake.note(`the server ${NOT_TLS}`)
      this.#report(handshake.helloMicros)
    } else if (!first) this.#sink.malformed(side, 'no record where one must begin', offset)
    return !answered
  }

  inStep(side: Side, skipped: number): void {
    this.#traffic(side).unreadBytes += skipped
  }

  notFound(side: Side, offset: number): void {
    this.#traffic(side).unreadBytes += MAX_SEARCH_BYTES
    const understood = this.#reader?.facts.seen !== false
    if (understood || this.#streams[side === CLIENT ? SERVER : CLIENT].offset > 0) {
      this.#sink.malformed(side, `no record in ${MAX_SEARCH_BYTES} bytes of the ${sideName(side)}`, offset)
      return
    }
    this.#disowned = true
    this.#sink.disown()
  }

  ssl2Server(at: Micros): void {
    if (this.#reader !== undefined) {
      this.#reader.facts.ssl2 = true
      this.#reader.facts.serverHelloMicros = at
    }
    this.#streams[CLIENT].silence()
    this.#report(at)
  }

  /** The hot path of a connection in use. */
  application(side: Side, sizeBytes: number, at: Micros): void {
    if (side === CLIENT) this.#client.application(sizeBytes)
    else this.#server.application(sizeBytes)
    if (this.#turns !== undefined && this.#decryption?.reading !== true) this.#turns.record(side, sizeBytes, at)
  }

  /** A record behind the handshake that is no application data. True: the payload is wanted. */
  #control(side: Side, type: number, length: number): boolean {
    const traffic = this.#traffic(side)
    if (type === HANDSHAKE) traffic.handshakeRecords++
    else if (type === HEARTBEAT) traffic.heartbeats++
    else if (type === ALERT) {
      const clear = length === CLEAR_ALERT_BYTES
      if (!clear) traffic.alert = 'encrypted alert'
      return clear
    }
    return false
  }

  get handshake(): Handshake | undefined {
    return this.#reader?.facts
  }

  /** An alert that was decrypted. */
  alert(side: Side, level: number, description: number, at: Micros): void {
    if (this.#reader === undefined) {
      this.#traffic(side).alert = alertName(description)
      return
    }
    this.#reader.alert(side, level, description, at)
    if (this.#reader.over) this.#report(at)
  }

  handshakeOver(at: Micros): void {
    if (this.#reader !== undefined) this.#report(at)
  }

  renegotiate(facts: Handshake): void {
    this.#reader ??= this.#readerOf(facts)
  }

  nested(alpn: string | undefined): Nested | undefined {
    return this.#sink.nested?.(alpn)
  }

  malformed(side: Side, what: string): void {
    this.#sink.malformed(side, what, this.#streams[side].recordOffset)
  }

  #traffic(side: Side): Traffic {
    return side === CLIENT ? this.#client : this.#server
  }

  /** The handshake is over: says so, and counts what turned out to be application data. */
  #report(at: Micros): HandshakeSummary {
    const handshake = this.#reader?.facts
    if (handshake === undefined) return this.#summary!
    this.#reader = undefined
    // What a renegotiation says has no hello of the connection's kind.
    const summary = this.#summary ??= new HandshakeSummary(handshake)
    for (const side of [CLIENT, SERVER] as const) this.#traffic(side).alert = handshake.sides[side].alerts.at(-1)?.description
    this.#sink.message(new HandshakeMessage(handshake, at))
    if (this.#turns !== undefined) this.#turns.alertRecordBytes = summary.alertRecordBytes ?? -1
    const { opaque } = handshake.sides[CLIENT]
    for (let i = handshake.clientFlight?.records ?? 0; i < opaque.sizes.length; i++) {
      this.application(CLIENT, opaque.sizes[i]!, opaque.times[i]!)
    }
    if (handshake.suspectMicros >= 0) this.application(SERVER, summary.alertRecordBytes ?? 0, handshake.suspectMicros)
    return summary
  }

  /** All bytes are here, and no record was among them. */
  get #isOther(): boolean {
    if (this.#reader?.facts.seen !== false) return false
    return [CLIENT, SERVER].every((side) => this.traffic[side]!.lostBytes === 0 && this.traffic[side]!.unreadBytes === this.#streams[side]!.offset)
  }

  #close(at: Micros): void {
    if (this.#isOther) {
      this.#disowned = true
      this.#sink.disown()
      return
    }
    this.#reader?.end(this.#firstEnded)
    const handshake = this.#report(at)
    this.#turns?.flush()
    this.#sink.message(new ClosedMessage({
      handshake,
      traffic: [this.#client, this.#server],
      streamBytes: [this.#streams[CLIENT].offset, this.#streams[SERVER].offset],
      firstMicros: this.#firstMicros,
      lastMicros: at,
      firstEnded: this.#firstEnded,
      notes: this.#decryption?.notes ?? [],
    }))
  }
}

/** The last alert in the clear stays. */
function alertPayload(traffic: Traffic, bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (traffic.alertLevel >= 0) traffic.alert = alertName(bytes[i]!)
    traffic.alertLevel = traffic.alertLevel >= 0 ? -1 : bytes[i]!
  }
}
