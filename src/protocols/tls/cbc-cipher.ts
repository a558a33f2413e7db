import { copyOf } from '../../base/copy-bytes.ts'
import type { CbcOpener, CbcRecord, Opened } from '../../base/record-crypto.ts'
import type { KeyBlock } from './key-schedule.ts'
import { NodeCbc } from './node-cbc.ts'
import type { RecordCipher } from './record-cipher.ts'
import type { SuiteCipher } from './suite-cipher.ts'
import { TLS_1_0 } from './versions.ts'

/** number (8), type, version (2), length (2). */
const PSEUDO_HEADER_BYTES = 13

/** Block ciphers with a MAC: inside (RFC 5246 §6.2.3.2) or around (RFC 7366). The MAC is always checked. */
export class CbcCipher implements RecordCipher {
  readonly #ivBytes: number
  readonly #macBytes: number
  #opener: CbcOpener
  #quicker: (() => CbcOpener | undefined) | undefined
  readonly #macOutside: boolean
  readonly #header = new Uint8Array(PSEUDO_HEADER_BYTES)
  /** TLS 1.0: the last block of the record before. Undefined where each record brings its own. */
  #chained: Uint8Array | undefined

  /** `quicker`: asked until it gives what takes the place of node:crypto. */
  constructor(suite: SuiteCipher, block: KeyBlock, version: number, macOutside: boolean, quicker?: () => CbcOpener | undefined) {
    this.#ivBytes = suite.ivBytes
    this.#macBytes = suite.macBytes
    this.#quicker = quicker
    this.#opener = this.#found() ?? new NodeCbc(suite.cipher, block.key, suite.mac, block.mac, suite.ivBytes)
    this.#macOutside = macOutside
    this.#chained = version <= TLS_1_0 ? block.iv : undefined
  }

  open(number: number, type: number, version: number, bytes: Uint8Array, from: number, to: number): Opened | undefined {
    const size = to - from - (this.#macOutside ? this.#macBytes : 0) - (this.#chained === undefined ? this.#ivBytes : 0)
    if (size <= 0 || size % this.#ivBytes !== 0) return undefined
    if (this.#quicker !== undefined) this.#opener = this.#found() ?? this.#opener
    const record = this.#opener.take(bytes, from, to)
    if (record === undefined) return undefined
    this.#describe(number, type, version)
    if (this.#isOpen(record)) return record
    record.release()
    return undefined
  }

  passed(bytes: Uint8Array, from: number, to: number): void {
    const end = this.#macOutside ? to - this.#macBytes : to
    if (this.#chained !== undefined && end - this.#ivBytes >= from) this.#chained = copyOf(bytes, end - this.#ivBytes, end)
  }

  #found(): CbcOpener | undefined {
    const found = this.#quicker?.()
    if (found !== undefined) this.#quicker = undefined
    return found
  }

  #isOpen(record: CbcRecord): boolean {
    const end = this.#macOutside ? record.to - this.#macBytes : record.to
    if (this.#macOutside && !this.#isMac(record, record.from, end)) return false
    const start = this.#chained === undefined ? record.from + this.#ivBytes : record.from
    if (!record.decrypt(this.#chained, start, end)) return false
    record.from = start
    record.to = this.#contentEnd(record, start, end)
    return record.to >= start && (this.#macOutside || this.#isMac(record, start, record.to))
  }

  /** In front of the MAC and the padding, all bytes of which are its length (RFC 5246 §6.2.3.2). -1 where there is no such padding. */
  #contentEnd(record: CbcRecord, start: number, to: number): number {
    const { bytes } = record
    const padding = bytes[to - 1]!
    const paddingFrom = to - padding - 1
    if (paddingFrom < start) return -1
    for (let i = paddingFrom; i < to; i++) if (bytes[i] !== padding) return -1
    return this.#macOutside ? paddingFrom : paddingFrom - this.#macBytes
  }

  /** The first eleven bytes of what goes in front of the content. */
  #describe(number: number, type: number, version: number): void {
    const header = this.#header
    let rest = number
    for (let i = 7; i >= 0; i--) {
      header[i] = rest & 0xff
      rest = Math.floor(rest / 256)
    }
    header[8] = type
    header[9] = version >> 8
    header[10] = version & 0xff
  }

  /** Whether the MAC of record.bytes[from, to) stands behind them. */
  #isMac(record: CbcRecord, from: number, to: number): boolean {
    this.#header[11] = to - from >> 8
    this.#header[12] = to - from & 0xff
    return record.isMac(this.#header, from, to, to)
  }
}
