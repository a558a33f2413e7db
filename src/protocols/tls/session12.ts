import { copyOf } from '../../base/copy-bytes.ts'
import type { Opened } from '../../base/record-crypto.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { CLOSE_NOTIFY } from './alerts.ts'
import { CbcCipher } from './cbc-cipher.ts'
import { ENCRYPT_THEN_MAC, EXTENDED_MASTER_SECRET } from './extensions.ts'
import { Handshake } from './handshake.ts'
import type { KeyBlock } from './key-schedule.ts'
import { digestName, keyBlocks, masterSecret } from './key-schedule.ts'
import { MAX_FAILED_RECORDS } from './limits.ts'
import { ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, CLEAR_ALERT_BYTES, HANDSHAKE, HEADER_BYTES } from './record.ts'
import { AeadCipher } from './record-cipher.ts'
import type { RecordCipher } from './record-cipher.ts'
import type { GateVerdict } from './record-gate.ts'
import { DONE, WAIT } from './record-gate.ts'
import { RecordOpener } from './record-opener.ts'
import type { SessionHost } from './session-host.ts'
import { NO_SECRETS, SideProgress, WRONG_SECRETS, aeadOpener } from './session-host.ts'
import { suiteCipher } from './suite-cipher.ts'
import type { SuiteCipher } from './suite-cipher.ts'

const CLIENT_HELLO = 1

class Side12 extends SideProgress {
  /** Its ChangeCipherSpec was seen: what follows is encrypted. */
  protected = false
  opener: RecordOpener | undefined
  /** Lost so far; the ChangeCipherSpec may have been among it. */
  lostBytes = 0
}

/** Decryption of TLS 1.2 and before, from the first ChangeCipherSpec on. */
export class Session12 {
  alpn: string | undefined
  readonly #host: SessionHost
  readonly #sides: readonly [Side12, Side12] = [new Side12(), new Side12()]
  /** Of the handshake that is under way. */
  #ciphers: readonly [RecordCipher, RecordCipher] | undefined
  #master: Uint8Array | undefined

  constructor(host: SessionHost, facts: Handshake) {
    this.#host = host
    for (const side of [CLIENT, SERVER] as const) this.#sides[side].lostBytes = facts.sides[side].lostBytes
  }

  get reading(): boolean {
    return this.#sides.some((side) => side.opened > 0 && !side.dead)
  }

  lost(side: Side, bytes: number): void {
    this.#sides[side].lostBytes += bytes
    this.#sides[side].opener?.lost(bytes)
  }

  whole(side: Side, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): GateVerdict {
    const host = this.#host
    const state = this.#sides[side]
    // Data is never sent in the clear.
    state.protected ||= type === APPLICATION_DATA && state.lostBytes > 0
    if (!state.protected) {
      host.plain(side, type, version, bytes, from, to, at)
      state.protected = type === CHANGE_CIPHER_SPEC
      return DONE
    }
    if (state.opener === undefined && !this.#load(side, state)) {
      if (host.patient) return WAIT
      host.turnOff(NO_SECRETS)
    }
    const content = state.dead ? undefined : state.opener?.open(type, version, bytes, from, to)
    if (content === undefined) this.#failed(side, state, type, version, bytes, from, to, at)
    else {
      state.opened++
      state.failed = 0
      this.#take(side, state, type, version, content, to - from + HEADER_BYTES, at)
      content.release()
    }
    return DONE
  }

  #load(side: Side, state: Side12): boolean {
    this.#ciphers ??= this.#derive()
    if (this.#ciphers === undefined) return false
    state.opener = new RecordOpener({ cipher: this.#ciphers[side] })
    if (state.lostBytes > 0) state.opener.lost(state.lostBytes)
    return true
  }

  #derive(): readonly [RecordCipher, RecordCipher] | undefined {
    const facts = this.#host.owner.handshake
    const suite = facts?.serverHello && suiteCipher(facts.serverHello.suite)
    if (facts?.clientHello === undefined || facts.serverHello === undefined || suite === undefined) return undefined
    const { clientHello, serverHello } = facts
    this.#master = this.#masterOf(facts, suite)
    if (this.#master === undefined) return undefined
    this.alpn = serverHello.alpn
    const outside = serverHello.has(ENCRYPT_THEN_MAC)
    const [client, server] = keyBlocks(serverHello.version, suite, this.#master, clientHello.random, serverHello.random)
    const { secrets } = this.#host
    const cipher = (keys: KeyBlock): RecordCipher => suite.kind === 'cbc'
      ? new CbcCipher(suite, keys, serverHello.version, outside, () => secrets.crypto?.cbc(suite.cipher, keys.key, suite.mac, keys.mac))
      : new AeadCipher(suite, keys.key, keys.iv, false, aeadOpener(secrets, suite, keys.key))
    return [cipher(client), cipher(server)]
  }

  /** By the random; of the session that is resumed; by the ways of the oldest logs. */
  #masterOf(facts: Handshake, suite: SuiteCipher): Uint8Array | undefined {
    const { secrets } = this.#host
    const { clientHello, serverHello } = facts
    const direct = secrets.find('CLIENT_RANDOM', clientHello!.random)
    if (direct !== undefined) return direct
    if (facts.abbreviated === true) {
      for (const name of sessionNames(facts, clientHello!.ticket)) {
        const master = secrets.recall(name)
        if (master !== undefined) return master
      }
    }
    const { sessionId, version, random } = serverHello!
    const session = sessionId.length > 0 ? secrets.findSession(Buffer.from(sessionId).toString('hex')) : undefined
    if (session !== undefined) return session
    const premaster = facts.premasterStart === undefined ? undefined : secrets.findPremaster(facts.premasterStart)
    if (premaster === undefined || serverHello!.has(EXTENDED_MASTER_SECRET)) return undefined
    return masterSecret(version, suite, premaster, clientHello!.random, random)
  }

  #failed(side: Side, state: Side12, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const host = this.#host
    const never = this.#sides.every((each) => each.opened === 0)
    if (never && state.opener !== undefined) host.turnOff(WRONG_SECRETS)
    if (!never) {
      host.owner.traffic[side].undecrypted++
      host.missing(side, to - from, at)
      if (++state.failed >= MAX_FAILED_RECORDS) state.dead = true
    }
    host.plain(side, type, version, bytes, from, to, at)
  }

  #take(side: Side, state: Side12, type: number, version: number, content: Opened, sizeBytes: number, at: Micros): void {
    const { owner } = this.#host
    const { bytes, from, to } = content
    if (type === HANDSHAKE) this.#handshake(side, version, copyOf(bytes, from, to), at)
    else if (type === ALERT) this.#alert(side, bytes, from, to, at)
    else if (type === APPLICATION_DATA) {
      if (owner.handshake === undefined || owner.handshake.renegotiation) owner.application(side, sizeBytes, at)
      else owner.plainRecord(side, type, version, sizeBytes - HEADER_BYTES, at)
      this.#host.data(side, bytes, from, to, at)
    } else {
      owner.plainRecord(side, type, version, to - from, at)
      // The keys of a renegotiation.
      if (type === CHANGE_CIPHER_SPEC) state.opener = undefined
    }
  }

  #handshake(side: Side, version: number, content: Uint8Array, at: Micros): void {
    const { owner } = this.#host
    if (owner.handshake === undefined && side === CLIENT && content[0] === CLIENT_HELLO) this.#renegotiate()
    const facts = owner.handshake
    if (facts !== undefined) {
      facts.decrypted = true
      this.#remember(facts)
    }
    if (owner.plainRecord(side, HANDSHAKE, version, content.length, at)) owner.plainPayload(side, HANDSHAKE, content, 0, content.length, true, at)
  }

  /** A handshake within the connection (RFC 5246 §7.4.1.1): its messages are encrypted under the keys before. */
  #renegotiate(): void {
    const facts = new Handshake()
    facts.renegotiation = facts.decrypted = true
    this.#ciphers = undefined
    this.#host.owner.renegotiate(facts)
  }

  #remember(facts: Handshake): void {
    const master = this.#master
    if (master === undefined) return
    for (const name of sessionNames(facts, facts.ticketSecret)) this.#host.secrets.remember(name, master)
  }

  #alert(side: Side, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    if (to - from !== CLEAR_ALERT_BYTES) return
    const description = bytes[from + 1]!
    this.#host.owner.alert(side, bytes[from]!, description, at)
    if (description === CLOSE_NOTIFY) this.#host.closed(side, at)
  }
}

/** What a session may be resumed by. */
function sessionNames(facts: Handshake, ticket: Uint8Array | undefined): string[] {
  const names: string[] = []
  if (ticket !== undefined && ticket.length > 0) names.push(`ticket ${digestName(ticket)}`)
  const id = facts.serverHello?.sessionId
  if (id !== undefined && id.length > 0) names.push(`id ${digestName(id)}`)
  return names
}
