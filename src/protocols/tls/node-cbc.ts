import { createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { copyOf } from '../../base/copy-bytes.ts'
import type { CbcOpener, CbcRecord } from '../../base/record-crypto.ts'
import { OwnBytes } from './node-aead.ts'

/** CBC and HMAC of node:crypto. */
export class NodeCbc implements CbcOpener {
  readonly #cipher: string
  readonly #hash: string
  readonly #key: KeyObject
  readonly #macKey: KeyObject
  readonly #ivBytes: number

  constructor(cipher: string, key: Uint8Array, hash: string, macKey: Uint8Array, ivBytes: number) {
    this.#cipher = cipher
    this.#hash = hash
    this.#key = createSecretKey(key)
    this.#macKey = createSecretKey(macKey)
    this.#ivBytes = ivBytes
  }

  take(bytes: Uint8Array, from: number, to: number): CbcRecord {
    return new NodeCbcRecord(this, copyOf(bytes, from, to))
  }

  mac(header: Uint8Array, bytes: Uint8Array): Buffer {
    return createHmac(this.#hash, this.#macKey).update(header).update(bytes).digest()
  }

  /** Of bytes[start, end), in place. */
  decrypt(iv: Uint8Array | undefined, bytes: Uint8Array, start: number, end: number): boolean {
    try {
      const decipher = createDecipheriv(this.#cipher, this.#key, iv ?? bytes.subarray(start - this.#ivBytes, start))
      decipher.setAutoPadding(false)
      bytes.set(decipher.update(bytes.subarray(start, end)), start)
      return true
    } catch {
      return false
    }
  }
}

class NodeCbcRecord extends OwnBytes implements CbcRecord {
  readonly #keys: NodeCbc

  constructor(keys: NodeCbc, bytes: Uint8Array) {
    super(bytes)
    this.#keys = keys
  }

  isMac(header: Uint8Array, start: number, end: number, at: number): boolean {
    const mac = this.#keys.mac(header, this.bytes.subarray(start, end))
    return at + mac.length <= this.bytes.length && timingSafeEqual(mac, this.bytes.subarray(at, at + mac.length))
  }

  decrypt(iv: Uint8Array | undefined, start: number, end: number): boolean {
    return this.#keys.decrypt(iv, this.bytes, start, end)
  }
}
