import { CLIENT, SERVER, sideName } from '../../model/side.ts'
import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import { CIPHER_SUITES } from './cipher-suites.ts'
import type { Handshake } from './handshake.ts'
import { clientFacts, serverFacts } from './handshake-view.ts'
import { versionName } from './versions.ts'

/** What a message says in place of a handshake that was not seen. */
export const JOINED_LATE = 'TLS, joined late'

/** One handshake. Names, fingerprints and certificates are made when request and response are first read. */
export class HandshakeMessage implements Message {
  readonly protocol = 'tls'
  readonly atMicros: Micros
  readonly #handshake: Handshake
  #request: object | undefined
  #response: object | undefined

  /** `atMicros` counts where no ClientHello was seen. The handshake must not change any more. */
  constructor(handshake: Handshake, atMicros: Micros) {
    this.#handshake = handshake
    this.atMicros = handshake.helloMicros >= 0 ? handshake.helloMicros : atMicros
  }

  /** What was seen, before it is put into words. Not to be changed. */
  get handshake(): Handshake {
    return this.#handshake
  }

  get elapsedMicros(): Micros | undefined {
    const { helloMicros, serverHelloMicros } = this.#handshake
    return helloMicros < 0 || serverHelloMicros < 0 ? undefined : Math.max(0, serverHelloMicros - helloMicros)
  }

  get what(): string {
    const { version, clientHello, seen, renegotiation } = this.#handshake
    if (!seen) return JOINED_LATE
    const name = version === undefined ? 'TLS' : versionName(version)
    const kind = renegotiation ? 'renegotiation' : 'handshake'
    return clientHello?.serverName === undefined ? `${name} ${kind}` : `${name} ${kind} ${clientHello.serverName}`
  }

  /** The suite agreed on, or the name of the alert that ended the handshake. */
  get status(): string | undefined {
    const { failure, serverHello } = this.#handshake
    if (failure !== undefined) return failure.status
    return serverHello === undefined ? undefined : CIPHER_SUITES.name(serverHello.suite)
  }

  get outcome(): Outcome {
    const { failure, serverHello, closedBy } = this.#handshake
    if (failure !== undefined) return failure.side === CLIENT ? 'client-error' : 'server-error'
    return serverHello !== undefined && closedBy === undefined ? 'ok' : 'none'
  }

  get request(): object | undefined {
    return this.#request ??= clientFacts(this.#handshake)
  }

  get response(): object | undefined {
    return this.#response ??= serverFacts(this.#handshake)
  }

  get decrypted(): boolean {
    return this.#handshake.decrypted
  }

  get complete(): boolean {
    return this.#handshake.complete
  }

  get notes(): readonly string[] {
    const { notes, notesCut } = this.#handshake
    return [...this.#whyIncomplete(), ...notes, ...(notesCut ? ['more was left out'] : [])]
  }

  #whyIncomplete(): string[] {
    const h = this.#handshake
    if (h.complete) return []
    if (!h.seen) return ['joined late: the handshake was not captured']
    const notes: string[] = []
    if (h.clientHello === undefined) notes.push('no client hello was captured')
    if (h.serverHello === undefined && h.failure === undefined && !h.ssl2) notes.push('no server hello was captured')
    if (h.closedBy !== undefined) notes.push(`the connection ended before the handshake was over, the ${sideName(h.closedBy)} first`)
    else if (notes.length === 0 && h.lostBytes === 0) notes.push(this.#unfinished())
    return notes
  }

  #unfinished(): string {
    const h = this.#handshake
    if (h.ssl2) return 'the server speaks SSL 2.0, of which only the hellos are read'
    if (h.tls13 && !h.decrypted) return 'the client sent nothing that is large enough for its Finished'
    return `no Finished of the ${sideName(h.sides[SERVER].finished ? CLIENT : SERVER)} was captured`
  }
}
