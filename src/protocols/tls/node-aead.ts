import type { CipherCCMTypes, CipherChaCha20Poly1305Types, CipherGCMTypes, DecipherGCM } from 'node:crypto'
import { createDecipheriv, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { AeadOpener, Opened } from '../../base/record-crypto.ts'
import type { SuiteCipher } from './suite-cipher.ts'

/** Bytes of their own: nobody has to release them. */
export class OwnBytes implements Opened {
  readonly bytes: Uint8Array
  from = 0
  to: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.to = bytes.length
  }

  release(): void {}
}

/** The AEADs of node:crypto. */
export class NodeAead implements AeadOpener {
  readonly #suite: SuiteCipher
  /** As an object: a key as bytes costs several times the decryption of a usual record. */
  readonly #key: KeyObject
  readonly #options: { authTagLength: number }

  constructor(suite: SuiteCipher, key: Uint8Array) {
    this.#suite = suite
    this.#key = createSecretKey(key)
    this.#options = { authTagLength: suite.tagBytes }
  }

  open(nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Opened | undefined {
    const { cipher, kind } = this.#suite
    try {
      const decipher = createDecipheriv(cipher as CipherGCMTypes & CipherCCMTypes & CipherChaCha20Poly1305Types, this.#key, nonce, this.#options)
      decipher.setAuthTag(bytes.subarray(end, to))
      if (kind === 'ccm') decipher.setAAD(extra, { plaintextLength: end - start })
      else (decipher as DecipherGCM).setAAD(extra)
      const content = decipher.update(bytes.subarray(start, end))
      decipher.final()
      return new OwnBytes(content)
    } catch {
      // What node:crypto throws says only that the tag is wrong.
      return undefined
    }
  }
}
