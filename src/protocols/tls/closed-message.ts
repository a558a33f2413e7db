import { CLIENT, SERVER, sideName } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { HandshakeSummary } from './handshake.ts'
import { withoutUndefined } from './plain-object.ts'
import type { Traffic } from './traffic.ts'

export interface Closing {
  handshake: HandshakeSummary
  traffic: readonly [Traffic, Traffic]
  /** Bytes of the stream of each side, lost ones included. */
  streamBytes: readonly [number, number]
  firstMicros: Micros
  lastMicros: Micros
  firstEnded: Side
  /** Why something was not decrypted, where secrets were expected. */
  notes: readonly string[]
}

/** The end of a connection, with what went over it. */
export class ClosedMessage implements Message {
  readonly protocol = 'tls'
  readonly status = undefined
  readonly outcome: Outcome = 'none'
  readonly elapsedMicros = undefined
  readonly #closing: Closing

  constructor(closing: Closing) {
    this.#closing = closing
  }

  get atMicros(): Micros {
    return this.#closing.lastMicros
  }

  get what(): string {
    const { version = 'TLS', sni } = this.#closing.handshake
    return sni === undefined ? `${version} closed` : `${version} closed ${sni}`
  }

  get request(): object {
    const { handshake: { sni, version }, firstMicros, lastMicros } = this.#closing
    return withoutUndefined({ ...this.#side(CLIENT), sni, version, durationMicros: Math.max(0, lastMicros - firstMicros) })
  }

  get response(): object {
    return withoutUndefined(this.#side(SERVER))
  }

  /** Some of it was. */
  get decrypted(): boolean {
    return this.#closing.traffic.some((traffic) => traffic.decryptedBytes > 0)
  }

  get complete(): boolean {
    return this.#losses().length === 0
  }

  get notes(): readonly string[] {
    return [...this.#losses(), ...this.#closing.notes]
  }

  #losses(): string[] {
    const notes: string[] = []
    for (const side of [CLIENT, SERVER] as const) {
      const traffic = this.#closing.traffic[side]
      const name = sideName(side)
      if (traffic.lostBytes > 0) notes.push(`${traffic.lostBytes} bytes of the ${name} were lost`)
      if (traffic.unreadBytes > 0) notes.push(`${traffic.unreadBytes} bytes of the ${name} could not be read as records`)
      if (traffic.undecrypted > 0) notes.push(`${traffic.undecrypted} records of the ${name} did not decrypt`)
      if (traffic.cutBytes > 0) notes.push(`the ${name} ended inside a record`)
    }
    if (!this.#closing.handshake.seen) notes.push('joined late: the handshake was not captured')
    return notes
  }

  #side(side: Side): Record<string, unknown> {
    const traffic = this.#closing.traffic[side]
    return {
      kind: 'closed',
      records: traffic.records,
      bytes: traffic.bytes,
      streamBytes: this.#closing.streamBytes[side],
      close: closeOf(this.#closing.handshake, traffic),
      endedFirst: this.#closing.firstEnded === side,
      handshakeRecords: traffic.handshakeRecords || undefined,
      heartbeats: traffic.heartbeats || undefined,
      decryptedBytes: traffic.decryptedBytes || undefined,
      tickets: traffic.tickets || undefined,
      keyUpdates: traffic.keyUpdates || undefined,
      undecryptedRecords: traffic.undecrypted || undefined,
      lostBytes: traffic.lostBytes || undefined,
      unreadBytes: traffic.unreadBytes || undefined,
    }
  }
}

/** How a side said goodbye, as far as can be told: under TLS 1.3 an alert looks like two bytes of data. */
function closeOf(handshake: HandshakeSummary, traffic: Traffic): string {
  if (traffic.alert !== undefined) return traffic.alert
  if (handshake.version === undefined) return 'unknown'
  if (traffic.decryptedBytes > 0) return 'no alert'
  if (traffic.lastBytes === handshake.alertRecordBytes) return 'record of the size of an alert'
  return 'no alert'
}
