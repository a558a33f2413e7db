import type { Opened } from '../../base/record-crypto.ts'
import { MAX_TRIED_NUMBERS } from './limits.ts'
import type { RecordCipher } from './record-cipher.ts'

/** Header, and at least a tag: no record is shorter. */
const MIN_RECORD_BYTES = 5 + 8

/** What one direction is protected with. `next`: the following generation (TLS 1.3), which after a loss may be in use already. */
export interface Keys { readonly cipher: RecordCipher, readonly next?: () => Keys }

/** Opens the records of one direction in turn. After a loss the number of the next one is found by trying. */
export class RecordOpener {
  /** Records under the current keys so far, also those that were lost. */
  number = 0
  #keys: Keys
  /** How many records may be missing before the next one. */
  #missing = 0

  constructor(keys: Keys) {
    this.#keys = keys
  }

  lost(bytes: number): void {
    this.#missing = Math.min(MAX_TRIED_NUMBERS, this.#missing + 1 + Math.floor(bytes / MIN_RECORD_BYTES))
  }

  /** The peer has changed its key. */
  update(): void {
    const next = this.#keys.next?.()
    if (next === undefined) return
    this.#keys = next
    this.number = 0
  }

  /** As RecordCipher.open. What does not open counts as one record all the same. */
  open(type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined {
    let content = this.#keys.cipher.open(this.number, type, version, bytes, from, to)
    if (content === undefined && this.#missing > 0) content = this.#search(type, version, bytes, from, to)
    this.#keys.cipher.passed?.(bytes, from, to)
    this.number++
    if (content !== undefined) this.#missing = 0
    return content
  }

  #search(type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined {
    const found = this.#tryFrom(this.#keys.cipher, this.number + 1, type, version, bytes, from, to)
    if (found !== undefined) return found
    const next = this.#keys.next?.()
    const updated = next && this.#tryFrom(next.cipher, 0, type, version, bytes, from, to)
    if (updated !== undefined) this.#keys = next!
    return updated
  }

  #tryFrom(cipher: RecordCipher, first: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined {
    for (let number = first; number < first + this.#missing; number++) {
      const content = cipher.open(number, type, version, bytes, from, to)
      if (content === undefined) continue
      this.number = number
      return content
    }
    return undefined
  }
}
