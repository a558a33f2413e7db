import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import { quicVersion, quicVersionText } from './quic.ts'
import { wrongNote, wrongStatus } from './unclaimed.ts'

/** Counts the datagrams of a flow, so that those which no dissector claims are still mentioned. Nothing is allocated a datagram. */
export class UnclaimedDatagrams {
  clientDatagrams = 0
  serverDatagrams = 0
  clientBytes = 0
  serverBytes = 0
  #clientAt: Micros = -1
  #serverAt: Micros = -1
  #quicVersion = -1

  /** `bytes`: of payload, as sent. */
  add(side: Side, bytes: number, at: Micros): void {
    if (side === CLIENT) {
      this.clientDatagrams++
      this.clientBytes += bytes
      if (this.#clientAt < 0) this.#clientAt = at
    } else {
      this.serverDatagrams++
      this.serverBytes += bytes
      if (this.#serverAt < 0) this.#serverAt = at
    }
  }

  /** Only the first datagrams of QUIC say what it is. */
  look(buf: Uint8Array, offset: number, length: number, missing: number): void {
    if (this.#quicVersion < 0) this.#quicVersion = quicVersion(buf, offset, length, missing)
  }

  /** @param wrongly what the user said that it is, where it is not */
  message(lastMicros: Micros, wrongly?: string): Message {
    const isQuic = this.#quicVersion >= 0
    const first = this.#clientAt < 0 ? this.#serverAt : this.#serverAt < 0 ? this.#clientAt : Math.min(this.#clientAt, this.#serverAt)
    const notes: string[] = []
    if (wrongly !== undefined) notes.push(wrongNote(wrongly))
    if (isQuic) notes.push('QUIC is encrypted and cannot be read')
    return {
      protocol: 'udp',
      atMicros: first,
      elapsedMicros: this.#clientAt < 0 || this.#serverAt < this.#clientAt ? undefined : this.#serverAt - this.#clientAt,
      what: `${isQuic ? `QUIC ${quicVersionText(this.#quicVersion)}` : 'UDP'}, ${this.clientDatagrams} out, ${this.serverDatagrams} in`,
      status: wrongly === undefined ? undefined : wrongStatus(wrongly),
      outcome: 'none',
      request: {
        datagrams: this.clientDatagrams, bytes: this.clientBytes, durationMicros: Math.max(0, lastMicros - first),
        ...isQuic && { quic: quicVersionText(this.#quicVersion) },
      },
      response: { datagrams: this.serverDatagrams, bytes: this.serverBytes },
      complete: true,
      notes,
    }
  }
}
