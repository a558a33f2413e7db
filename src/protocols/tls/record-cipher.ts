import type { AeadOpener, Opened } from '../../base/record-crypto.ts'
import { NodeAead } from './node-aead.ts'
import type { SuiteCipher } from './suite-cipher.ts'

/** Takes the protection off the records of one direction under one key. */
export interface RecordCipher {
  /**
   * `bytes` from `from` to `to` are a record without its header, `number` counts the records under this key from 0.
   * The content, to be released; undefined where it does not authenticate.
   */
  open(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined
  /** Told once of each record, whether it opened or not: the next one may build on its bytes. */
  passed?(bytes: Uint8Array, from: number, to: number): void
}

const EXPLICIT_NONCE_BYTES = 8
const NONCE_BYTES = 12

/** The AEADs, in the form of TLS 1.3 (RFC 8446 §5.2, §5.3) and that of TLS 1.2 (RFC 5246 §6.2.3.3, RFC 5288, RFC 6655, RFC 7905). */
export class AeadCipher implements RecordCipher {
  #opener: AeadOpener
  #quicker: (() => AeadOpener | undefined) | undefined
  readonly #tagBytes: number
  readonly #iv: Uint8Array
  readonly #explicit: boolean
  readonly #tls13: boolean
  readonly #nonce = new Uint8Array(NONCE_BYTES)
  readonly #extra: Uint8Array

  /** `iv`: 12 bytes, or 4 where each record brings the other 8. `quicker`: asked until it gives what takes the place of node:crypto. */
  constructor(suite: SuiteCipher, key: Uint8Array, iv: Uint8Array, tls13: boolean, quicker?: () => AeadOpener | undefined) {
    this.#quicker = quicker
    this.#opener = this.#found() ?? new NodeAead(suite, key)
    this.#tagBytes = suite.tagBytes
    this.#iv = iv
    this.#explicit = iv.length < NONCE_BYTES
    this.#tls13 = tls13
    this.#nonce.set(iv)
    this.#extra = new Uint8Array(tls13 ? 5 : 13)
  }

  open(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined {
    if (this.#quicker !== undefined) this.#opener = this.#found() ?? this.#opener
    const start = this.#explicit ? from + EXPLICIT_NONCE_BYTES : from
    const end = to - this.#tagBytes
    if (end < start) return undefined
    if (this.#explicit) for (let i = 0; i < EXPLICIT_NONCE_BYTES; i++) this.#nonce[i + 4] = bytes[from + i]!
    else this.#number(number)
    this.#describe(number, type, version, this.#tls13 ? to - from : end - start)
    return this.#opener.open(this.#nonce, this.#extra, bytes, start, end, to)
  }

  #found(): AeadOpener | undefined {
    const found = this.#quicker?.()
    if (found !== undefined) this.#quicker = undefined
    return found
  }

  /** The number of the record, xored into the end of the nonce. */
  #number(number: number): void {
    const nonce = this.#nonce
    let rest = number
    for (let i = NONCE_BYTES - 1; i >= 4; i--) {
      nonce[i] = this.#iv[i]! ^ (rest & 0xff)
      rest = Math.floor(rest / 256)
    }
  }

  /** Additional data: the header; before TLS 1.3 the number goes in front and the length is that of the content. */
  #describe(number: number, type: number, version: number, length: number): void {
    const extra = this.#extra
    const at = extra.length - 5
    let rest = number
    for (let i = at - 1; i >= 0; i--) {
      extra[i] = rest & 0xff
      rest = Math.floor(rest / 256)
    }
    extra[at] = type
    extra[at + 1] = version >> 8
    extra[at + 2] = version & 0xff
    extra[at + 3] = length >> 8
    extra[at + 4] = length & 0xff
  }
}
