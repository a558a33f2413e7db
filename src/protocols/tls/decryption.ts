import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Nested } from '../protocol.ts'
import type { SecretSource } from '../secret-source.ts'
import { CIPHER_SUITES } from './cipher-suites.ts'
import type { Handshake } from './handshake.ts'
import { APPLICATION_DATA, CHANGE_CIPHER_SPEC } from './record.ts'
import type { GateOwner, GateVerdict } from './record-gate.ts'
import { DONE, HOLD, RecordGate } from './record-gate.ts'
import type { DecryptionOwner, SessionHost } from './session-host.ts'
import { NO_SECRETS } from './session-host.ts'
import { Session12 } from './session12.ts'
import { Session13 } from './session13.ts'
import { suiteCipher } from './suite-cipher.ts'

/**
 * Reads the records of one connection with the secrets of a key log: handshake messages go into the handshake's facts, application
 * data into a nested conversation. Bytes that do not authenticate go nowhere; what cannot be read goes the way it goes without decryption.
 */
export class Decryption implements GateOwner, SessionHost {
  readonly gate: RecordGate
  readonly owner: DecryptionOwner
  readonly secrets: SecretSource
  /** Why something was not decrypted. */
  readonly notes: string[] = []
  patient = true
  #off = false
  #session12: Session12 | undefined
  #session13: Session13 | undefined
  #nested: Nested | undefined
  /** Bits of the sides whose end the nested conversation knows. */
  #ended = 0
  #tooDeep = false
  #atMicros: Micros = 0

  constructor(owner: DecryptionOwner, secrets: SecretSource) {
    this.owner = owner
    this.secrets = secrets
    this.gate = new RecordGate(this, secrets)
  }

  /** False once records need not pass it any more. */
  get engaged(): boolean {
    return !this.#off || this.gate.waiting
  }

  /** Records are being read: nobody needs to hear of them as ciphertext. */
  get reading(): boolean {
    return !this.#off && (this.#session12?.reading ?? this.#session13?.reading ?? false)
  }

  get heldBytes(): number {
    return this.gate.heldBytes + (this.#nested?.heldBytes ?? 0) + (this.#session13?.heldBytes ?? 0)
  }

  whole(side: Side, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): GateVerdict {
    this.#atMicros = at
    if (!this.#off) {
      if (this.#session13 === undefined && this.#session12 === undefined && this.#begin(side, type) === HOLD) return HOLD
      if (this.#session13 !== undefined && type === APPLICATION_DATA) return this.#session13.whole(side, type, version, bytes, from, to, at)
      if (this.#session12 !== undefined) return this.#session12.whole(side, type, version, bytes, from, to, at)
    }
    this.plain(side, type, version, bytes, from, to, at)
    return DONE
  }

  /** Opens a session as soon as the record shows that keys are in use. HOLD: it is early data, whose suite the answer will tell. */
  #begin(side: Side, type: number): GateVerdict {
    const facts = this.owner.handshake
    if (facts?.clientHello === undefined) {
      if (type === APPLICATION_DATA) this.#off = true
      return DONE
    }
    if (facts.serverHello === undefined) {
      const early = type === APPLICATION_DATA && side === CLIENT && facts.earlyDataOffered && facts.retry === undefined
      return early && this.patient ? HOLD : DONE
    }
    if (type === (facts.tls13 ? APPLICATION_DATA : CHANGE_CIPHER_SPEC)) this.#open(facts)
    return DONE
  }

  #open(facts: Handshake): void {
    const { suite, compression } = facts.serverHello!
    const cipher = suiteCipher(suite)
    if (cipher === undefined) this.turnOff(`not decrypted: ${CIPHER_SUITES.name(suite)} is not among the suites that are`)
    else if (compression !== 0) this.turnOff('not decrypted: records are compressed')
    else if (facts.tls13) this.#session13 = new Session13(this, facts, cipher)
    else this.#session12 = new Session12(this, facts)
  }

  lost(side: Side, bytes: number, at: Micros): void {
    this.owner.plainGap(side, bytes)
    if (this.#off) return
    this.#session12?.lost(side, bytes)
    this.#session13?.lost(side, bytes)
    this.#nested?.gap(side, bytes, at)
  }

  over(side: Side, at: Micros): void {
    const facts = this.owner.handshake
    if (facts?.decrypted === true && facts.complete) this.owner.handshakeOver(at)
    this.closed(side, at)
    this.owner.plainEnd(side, at)
  }

  secretsMissing(): void {
    this.patient = false
    // What is under way decides for itself: the data may be readable where the handshake is not.
    if (this.#session12 === undefined && this.#session13 === undefined) this.turnOff(NO_SECRETS)
  }

  plain(side: Side, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const { owner } = this
    if (owner.plainRecord(side, type, version, to - from, at)) owner.plainPayload(side, type, bytes, from, to, true, at)
  }

  turnOff(note: string): void {
    this.#off = true
    this.note(note)
    for (const side of [CLIENT, SERVER] as const) this.closed(side, this.#atMicros)
  }

  note(text: string): void {
    if (this.notes.includes(text)) return
    this.notes.push(text)
    this.owner.handshake?.note(text)
  }

  data(side: Side, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    this.owner.traffic[side].decryptedBytes += to - from
    if ((this.#ended & 1 << side) !== 0 || to === from) return
    this.#into()?.dataIn(side, bytes, from, to, at)
  }

  missing(side: Side, bytes: number, at: Micros): void {
    if ((this.#ended & 1 << side) === 0) this.#into()?.gap(side, bytes, at)
  }

  closed(side: Side, at: Micros): void {
    if ((this.#ended & 1 << side) !== 0) return
    this.#ended |= 1 << side
    this.#nested?.end(side, at)
  }

  #into(): Nested | undefined {
    if (this.#nested !== undefined || this.#tooDeep) return this.#nested
    this.#nested = this.owner.nested(this.#session13?.alpn ?? this.#session12?.alpn)
    this.#tooDeep = this.#nested === undefined
    if (this.#tooDeep) this.note('decrypted, but nested too deeply to be read')
    else for (const side of [CLIENT, SERVER] as const) if ((this.#ended & 1 << side) !== 0) this.#nested!.end(side, this.#atMicros)
    return this.#nested
  }
}
