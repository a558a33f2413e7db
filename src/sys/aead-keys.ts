import { copyBytes } from '../base/copy-bytes.ts'
import type { AeadOpener } from '../base/record-crypto.ts'
import { ContextPool } from './context-pool.ts'
import { ERR_clear_error, EVP_DecryptFinal_ex, EVP_DecryptInit_ex2, EVP_DecryptUpdate, cipherNamed, decryptionContext } from './evp.ts'
import { EXTRA, KEY, NONCE, PARAMETERS, RECORD, REST, WRITTEN, takeRoom } from './record-room.ts'
import type { RecordRoom } from './record-room.ts'

const TAG_BYTES = 16
const NONCE_BYTES = 12
const MAX_EXTRA_BYTES = 16
/** Bytes of their keys. */
const CIPHERS: ReadonlyMap<string, number> = new Map([['aes-128-gcm', 16], ['aes-256-gcm', 32], ['chacha20-poly1305', 32]])

/** One key. The room of a record has its nonce, its tag and its content, so that four calls open it. */
class AeadKeys implements AeadOpener {
  readonly #key: Uint8Array
  readonly #pool: ContextPool<AeadKeys>
  #place = -1

  constructor(key: Uint8Array, pool: ContextPool<AeadKeys>) {
    this.#key = key
    this.#pool = pool
  }

  open(nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): RecordRoom | undefined {
    // OpenSSL reads as much as it is told to, and is content with a tag of one byte.
    if (end < start || to - end !== TAG_BYTES || nonce.length !== NONCE_BYTES || extra.length > MAX_EXTRA_BYTES) return undefined
    const room = takeRoom()
    if (room.put(bytes, start, to) && this.#isOpen(room, nonce, extra, end - start)) {
      room.to = RECORD + end - start
      return room
    }
    ERR_clear_error()
    room.release()
    return undefined
  }

  #isOpen(room: RecordRoom, nonce: Uint8Array, extra: Uint8Array, size: number): boolean {
    const context = this.#context(room)
    if (context === 0) return false
    const { address, bytes } = room
    for (let i = 0; i < NONCE_BYTES; i++) bytes[NONCE + i] = nonce[i]!
    const extraBytes = extra.length
    for (let i = 0; i < extraBytes; i++) bytes[EXTRA + i] = extra[i]!
    room.tagAt(RECORD + size)
    const content = address + RECORD
    const written = address + WRITTEN
    return EVP_DecryptInit_ex2(context, 0, 0, address + NONCE, address + PARAMETERS) === 1
      && EVP_DecryptUpdate(context, 0, written, address + EXTRA, extraBytes) === 1
      && (size === 0 || EVP_DecryptUpdate(context, content, written, content, size) === 1)
      && EVP_DecryptFinal_ex(context, address + REST, written) === 1
  }

  #context(room: RecordRoom): number {
    const pool = this.#pool
    if (this.#place >= 0 && pool.has(this.#place, this)) return pool.contexts[this.#place]!
    this.#place = pool.give(this)
    if (this.#place < 0) return 0
    copyBytes(this.#key, 0, this.#key.length, room.bytes, KEY)
    const context = pool.contexts[this.#place]!
    if (EVP_DecryptInit_ex2(context, 0, room.address + KEY, 0, 0) === 1) return context
    pool.leave(this.#place)
    return 0
  }
}

const pools = new Map<string, ContextPool<AeadKeys>>()

/** Undefined for ciphers and sizes of keys that are not done here. One thread's object. */
export function aeadKeys(cipher: string, key: Uint8Array): AeadOpener | undefined {
  if (CIPHERS.get(cipher) !== key.length) return undefined
  let pool = pools.get(cipher)
  if (pool === undefined) {
    const type = cipherNamed(cipher)
    if (type === 0) return undefined
    pools.set(cipher, pool = new ContextPool(() => decryptionContext(type)))
  }
  return new AeadKeys(key, pool)
}
