import { copyBytes } from '../base/copy-bytes.ts'
import type { CbcOpener } from '../base/record-crypto.ts'
import { ContextPool } from './context-pool.ts'
import { ERR_clear_error, EVP_DecryptInit_ex2, EVP_DecryptUpdate, HMAC_Final, HMAC_Init_ex, HMAC_Update, blockContext, cipherNamed, digestNamed, macContext } from './evp.ts'
import { allocateAt, bytesAt } from './memory.ts'
import { takeRoom } from './record-room.ts'
import type { RecordRoom } from './record-room.ts'

const MAX_KEY_BYTES = 64
/** Bytes of their keys, and of their blocks. */
const CIPHERS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['aes-128-cbc', [16, 16]], ['aes-256-cbc', [32, 16]], ['camellia-128-cbc', [16, 16]], ['camellia-256-cbc', [32, 16]], ['des-ede3-cbc', [24, 8]],
])
/** Bytes of their MACs. */
const HASHES: ReadonlyMap<string, number> = new Map([['md5', 16], ['sha1', 20], ['sha256', 32], ['sha384', 48]])

/** What all keys of a cipher and a hash share. */
interface Kind {
  readonly hash: number
  readonly macBytes: number
  readonly ivBytes: number
  readonly ciphers: ContextPool<CbcKeys>
  /** A context for each place of `ciphers`. */
  readonly macs: number[]
}

/** Here a key is given to OpenSSL, and it says how much it wrote. */
const DESK_BYTES = 80
const WRITTEN = 64
const deskAt = allocateAt(DESK_BYTES)
const desk = bytesAt(deskAt, DESK_BYTES)

export class CbcKeys implements CbcOpener {
  readonly ivBytes: number
  readonly #key: Uint8Array
  readonly #macKey: Uint8Array
  readonly #kind: Kind
  #place = -1

  constructor(key: Uint8Array, macKey: Uint8Array, kind: Kind) {
    this.#key = key
    this.#macKey = macKey
    this.#kind = kind
    this.ivBytes = kind.ivBytes
  }

  take(bytes: Uint8Array, from: number, to: number): RecordRoom | undefined {
    const room = takeRoom()
    if (room.put(bytes, from, to) && this.#isLoaded()) {
      room.keys = this
      return room
    }
    room.release()
    return undefined
  }

  /** The HMAC of memory, written to an address. Its size; 0 where it could not be made. */
  mac(from: number, size: number, to: number): number {
    const context = this.#kind.macs[this.#place]!
    const isMade = HMAC_Init_ex(context, 0, 0, 0, 0) === 1 && HMAC_Update(context, from, size) === 1 && HMAC_Final(context, to, deskAt + WRITTEN) === 1
    return isMade ? this.#kind.macBytes : 0
  }

  /** Whole blocks of memory, in place. */
  decrypt(iv: number, at: number, size: number): boolean {
    const context = this.#kind.ciphers.contexts[this.#place]!
    return EVP_DecryptInit_ex2(context, 0, 0, iv, 0) === 1 && EVP_DecryptUpdate(context, at, deskAt + WRITTEN, at, size) === 1
  }

  #isLoaded(): boolean {
    const { ciphers, macs, hash } = this.#kind
    if (this.#place >= 0 && ciphers.has(this.#place, this)) return true
    const place = this.#place = ciphers.give(this)
    if (place < 0) return false
    const macing = macs[place] ??= macContext()
    if (macing !== 0 && this.#isTaken(ciphers.contexts[place]!, macing, hash)) return true
    ERR_clear_error()
    ciphers.leave(place)
    return false
  }

  #isTaken(context: number, macing: number, hash: number): boolean {
    copyBytes(this.#key, 0, this.#key.length, desk, 0)
    if (EVP_DecryptInit_ex2(context, 0, deskAt, 0, 0) !== 1) return false
    copyBytes(this.#macKey, 0, this.#macKey.length, desk, 0)
    return HMAC_Init_ex(macing, deskAt, this.#macKey.length, hash, 0) === 1
  }
}

const kinds = new Map<string, Kind | undefined>()

/** Undefined for ciphers, hashes and sizes of keys that are not done here. One thread's object. */
export function cbcKeys(cipher: string, key: Uint8Array, hash: string, macKey: Uint8Array): CbcOpener | undefined {
  if (CIPHERS.get(cipher)?.[0] !== key.length || macKey.length === 0 || macKey.length > MAX_KEY_BYTES) return undefined
  const name = `${cipher} ${hash}`
  if (!kinds.has(name)) kinds.set(name, kindOf(cipher, hash))
  const kind = kinds.get(name)
  return kind === undefined ? undefined : new CbcKeys(key, macKey, kind)
}

function kindOf(cipher: string, hash: string): Kind | undefined {
  const macBytes = HASHES.get(hash)
  const ivBytes = CIPHERS.get(cipher)?.[1]
  if (macBytes === undefined || ivBytes === undefined) return undefined
  const [type, digest] = [cipherNamed(cipher), digestNamed(hash)]
  if (type === 0 || digest === 0) return undefined
  return { hash: digest, macBytes, ivBytes, ciphers: new ContextPool(() => blockContext(type)), macs: [] }
}
