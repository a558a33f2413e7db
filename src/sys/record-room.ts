import { copyBytes } from '../base/copy-bytes.ts'
import type { CbcRecord } from '../base/record-crypto.ts'
import { allocateAt, bytesAt } from './memory.ts'
import type { CbcKeys } from './cbc-keys.ts'

/** Offsets in a room. */
export const NONCE = 0
export const EXTRA = 16
/** Where OpenSSL says how much it wrote, which is known before. */
export const WRITTEN = 32
export const REST = 40
export const MAC = 64
export const KEY = 128
export const PARAMETERS = 320
const TAG_NAME = 448
/** Of the record; room before it for what its MAC is also over. */
export const RECORD = 512

const HEADER_BYTES = 13
/** The longest record of any version, and that much more for one whose header says too much. */
const MAX_RECORD_BYTES = 18 * 1024 + 512
const ROOM_BYTES = RECORD + MAX_RECORD_BYTES
const TAG_BYTES = 16
/** OSSL_PARAM (3): key, data type, data, size of it, size returned. */
const PARAMETER_BYTES = 40
const DATA = 16
const OCTET_STRING = 5
const HIGH = 2 ** 32

/**
 * Memory outside of V8's heap for one record, its parameters beside it: all calls about it take plain addresses, which costs half of what typed arrays do.
 * It lives as long as its thread.
 */
export class RecordRoom implements CbcRecord {
  readonly address = allocateAt(ROOM_BYTES)
  readonly bytes = bytesAt(this.address, ROOM_BYTES)
  from = RECORD
  to = RECORD
  /** Of the record that is in it. */
  keys: CbcKeys | undefined = undefined
  readonly #words = new Uint32Array(this.bytes.buffer)

  constructor() {
    this.bytes.fill(0)
    new TextEncoder().encodeInto('tag', this.bytes.subarray(TAG_NAME))
    this.#point(PARAMETERS, this.address + TAG_NAME)
    this.#words[PARAMETERS + 8 >> 2] = OCTET_STRING
    this.#words[PARAMETERS + DATA + 8 >> 2] = TAG_BYTES
    this.bytes.fill(0xff, PARAMETERS + PARAMETER_BYTES - 8, PARAMETERS + PARAMETER_BYTES)
  }

  /** Copies a record. False where it is longer than records are, or does not lie within the bytes. */
  put(bytes: Uint8Array, from: number, to: number): boolean {
    const size = to - from
    if (from < 0 || size < 0 || size > MAX_RECORD_BYTES || to > bytes.length) return false
    copyBytes(bytes, from, to, this.bytes, RECORD)
    this.from = RECORD
    this.to = RECORD + size
    return true
  }

  /** The tag of the AEAD is what stands at the offset. */
  tagAt(offset: number): void {
    this.#point(PARAMETERS + DATA, this.address + offset)
  }

  #point(at: number, address: number): void {
    this.#words[at >> 2] = address % HIGH
    this.#words[(at >> 2) + 1] = Math.floor(address / HIGH)
  }

  isMac(header: Uint8Array, start: number, end: number, at: number): boolean {
    const { bytes, keys } = this
    for (let i = 0; i < HEADER_BYTES; i++) bytes[start - HEADER_BYTES + i] = header[i]!
    const macBytes = keys!.mac(this.address + start - HEADER_BYTES, HEADER_BYTES + end - start, this.address + MAC)
    for (let i = 0; i < macBytes; i++) if (bytes[MAC + i] !== bytes[at + i]) return false
    return macBytes > 0
  }

  decrypt(iv: Uint8Array | undefined, start: number, end: number): boolean {
    if (iv !== undefined) this.bytes.set(iv, NONCE)
    const ivBytes = this.keys!.ivBytes
    return this.keys!.decrypt(this.address + (iv === undefined ? start - ivBytes : NONCE), this.address + start, end - start)
  }

  release(): void {
    this.keys = undefined
    free.push(this)
  }
}

/** As many as were ever in use at once: one for each TLS within TLS. */
const free: RecordRoom[] = []

export function takeRoom(): RecordRoom {
  return free.pop() ?? new RecordRoom()
}
