import type { KeyObject } from 'node:crypto'
import { createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { KeyBlock } from './key-schedule.ts'
import type { RecordCipher } from './record-cipher.ts'
import type { SuiteCipher } from './suite-cipher.ts'
import { TLS_1_0 } from './versions.ts'

/** number (8), type, version (2), length (2). */
const PSEUDO_HEADER_BYTES = 13

/** Block ciphers with a MAC: inside (RFC 5246 §6.2.3.2) or around (RFC 7366). The MAC is always checked. */
export class CbcCipher implements RecordCipher {
  readonly #suite: SuiteCipher
  readonly #key: KeyObject
  readonly #macKey: KeyObject
  readonly #macOutside: boolean
  /** TLS 1.0: the last block of the record before. Undefined where each record brings its own. */
  #chained: Uint8Array | undefined

  constructor(suite: SuiteCipher, block: KeyBlock, version: number, macOutside: boolean) {
    this.#suite = suite
    this.#key = createSecretKey(block.key)
    this.#macKey = createSecretKey(block.mac)
    this.#macOutside = macOutside
    this.#chained = version <= TLS_1_0 ? block.iv : undefined
  }

  open(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Buffer | undefined {
    const { ivBytes, macBytes } = this.#suite
    const end = this.#macOutside ? to - macBytes : to
    const start = this.#chained === undefined ? from + ivBytes : from
    const size = end - start
    if (size <= 0 || size % ivBytes !== 0) return undefined
    if (this.#macOutside && !this.#isMac(number, type, version, bytes, from, end, bytes, end)) return undefined
    const iv = this.#chained ?? bytes.subarray(from, start)
    const plain = this.#decrypt(iv, bytes.subarray(start, end))
    return plain === undefined ? undefined : this.#content(number, type, version, plain)
  }

  passed(bytes: Uint8Array, from: number, to: number): void {
    const end = this.#macOutside ? to - this.#suite.macBytes : to
    if (this.#chained !== undefined && end - this.#suite.ivBytes >= from) this.#chained = bytes.slice(end - this.#suite.ivBytes, end)
  }

  #decrypt(iv: Uint8Array, bytes: Uint8Array): Buffer | undefined {
    try {
      const decipher = createDecipheriv(this.#suite.cipher, this.#key, iv)
      decipher.setAutoPadding(false)
      return decipher.update(bytes)
    } catch {
      return undefined
    }
  }

  #content(number: number, type: number, version: number, plain: Buffer): Buffer | undefined {
    const padding = plain.at(-1)! + 1
    const macBytes = this.#macOutside ? 0 : this.#suite.macBytes
    const end = plain.length - padding - macBytes
    if (end < 0) return undefined
    for (let i = plain.length - padding; i < plain.length; i++) if (plain[i] !== padding - 1) return undefined
    if (!this.#macOutside && !this.#isMac(number, type, version, plain, 0, end, plain, end)) return undefined
    return plain.subarray(0, end)
  }

  #isMac(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number, macs: Uint8Array, at: number): boolean {
    const header = Buffer.alloc(PSEUDO_HEADER_BYTES)
    header.writeUInt32BE(Math.floor(number / 2 ** 32), 0)
    header.writeUInt32BE(number % 2 ** 32, 4)
    header[8] = type
    header.writeUInt16BE(version, 9)
    header.writeUInt16BE(to - from, 11)
    const mac = createHmac(this.#suite.mac, this.#macKey).update(header).update(bytes.subarray(from, to)).digest()
    return timingSafeEqual(mac, macs.subarray(at, at + mac.length))
  }
}
