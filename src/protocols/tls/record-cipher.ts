import type { KeyObject } from 'node:crypto'
import { createDecipheriv, createSecretKey } from 'node:crypto'
import type { CipherCCMTypes, CipherChaCha20Poly1305Types, CipherGCMTypes, DecipherGCM } from 'node:crypto'
import type { AeadOpener } from '../../base/aead-opener.ts'
import type { SuiteCipher } from './suite-cipher.ts'

/** Takes the protection off the records of one direction under one key. */
export interface RecordCipher {
  /**
   * `bytes` from `from` to `to` are a record without its header, `number` counts the records under this key from 0.
   * A buffer of its own with the content; undefined where it does not authenticate.
   */
  open(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Buffer | undefined
  /** Told once of each record, whether it opened or not: the next one may build on its bytes. */
  passed?(bytes: Uint8Array, from: number, to: number): void
}

const EXPLICIT_NONCE_BYTES = 8
const NONCE_BYTES = 12

/** The AEADs, in the form of TLS 1.3 (RFC 8446 §5.2, §5.3) and that of TLS 1.2 (RFC 5246 §6.2.3.3, RFC 5288, RFC 6655, RFC 7905). */
export class AeadCipher implements RecordCipher {
  readonly #suite: SuiteCipher
  readonly #keyBytes: Uint8Array
  readonly #opener: AeadOpener | undefined
  /** As an object: a key as bytes costs several times the decryption of a usual record. */
  #key: KeyObject | undefined
  readonly #iv: Uint8Array
  readonly #tls13: boolean
  readonly #nonce = new Uint8Array(NONCE_BYTES)
  readonly #extra: Uint8Array
  readonly #options: { authTagLength: number }

  /** `iv`: 12 bytes, or 4 where each record brings the other 8. `opener`: takes the place of node:crypto. */
  constructor(suite: SuiteCipher, key: Uint8Array, iv: Uint8Array, tls13: boolean, opener?: AeadOpener) {
    this.#suite = suite
    this.#keyBytes = key
    this.#opener = suite.kind === 'ccm' ? undefined : opener
    this.#iv = iv
    this.#tls13 = tls13
    this.#nonce.set(iv)
    this.#options = { authTagLength: suite.tagBytes }
    this.#extra = new Uint8Array(tls13 ? 5 : 13)
  }

  open(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Buffer | undefined {
    const explicit = this.#iv.length < NONCE_BYTES
    const start = explicit ? from + EXPLICIT_NONCE_BYTES : from
    const end = to - this.#suite.tagBytes
    if (end < start) return undefined
    if (explicit) this.#nonce.set(bytes.subarray(from, start), 4)
    else this.#number(number)
    this.#describe(number, type, version, this.#tls13 ? to - from : end - start)
    return this.#decrypt(bytes, start, end, to)
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

  #decrypt(bytes: Uint8Array, start: number, end: number, to: number): Buffer | undefined {
    if (this.#opener !== undefined) return this.#opener.open(this.#keyBytes, this.#nonce, this.#extra, bytes, start, end, to)
    const { cipher, kind } = this.#suite
    const key = this.#key ??= createSecretKey(this.#keyBytes)
    try {
      const decipher = createDecipheriv(cipher as CipherGCMTypes & CipherCCMTypes & CipherChaCha20Poly1305Types, key, this.#nonce, this.#options)
      decipher.setAuthTag(bytes.subarray(end, to))
      if (kind === 'ccm') decipher.setAAD(this.#extra, { plaintextLength: end - start })
      else (decipher as DecipherGCM).setAAD(this.#extra)
      const content = decipher.update(bytes.subarray(start, end))
      decipher.final()
      return content
    } catch {
      // What node:crypto throws says only that the tag is wrong.
      return undefined
    }
  }
}
