/** What was taken out of a record: bytes[from, to), borrowed until `release`. */
export interface Opened {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
  /** Its memory serves other records again. Called once. Others may be opened before that, as of TLS within TLS. */
  release(): void
}

/** Opens what an AEAD has sealed under one key. */
export interface AeadOpener {
  /** bytes[start, end) are the ciphertext, bytes[end, to) the tag. Undefined where it does not authenticate. */
  open(nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Opened | undefined
}

/** The copy of a record in CBC, worked on in place. Offsets are of its `bytes`, and must lie between `from` and `to` as they were at first. */
export interface CbcRecord extends Opened {
  from: number
  to: number
  /** Whether the MAC of `header` (13 bytes) and bytes[start, end) stands at `at`. The bytes before `start` may be lost by it. */
  isMac(header: Uint8Array, start: number, end: number, at: number): boolean
  /** `iv`: the bytes before `start` where it is undefined. bytes[start, end) are whole blocks. False: nothing can be said of what stands there. */
  decrypt(iv: Uint8Array | undefined, start: number, end: number): boolean
}

/** Opens records of CBC with an HMAC, under one pair of keys. */
export interface CbcOpener {
  /** bytes[from, to), copied. Undefined where that is longer than records are. Has to be released. */
  take(bytes: Uint8Array, from: number, to: number): CbcRecord | undefined
}

/**
 * Decryption by what the machine has: asked for by the dissector of TLS, which may not call the machine, and given by what may. Names are those of node:crypto.
 * Keys must not change. Undefined for what is not done there: node:crypto does it.
 */
export interface RecordCrypto {
  /** With 16 bytes of tag. */
  aead(cipher: string, key: Uint8Array): AeadOpener | undefined
  cbc(cipher: string, key: Uint8Array, hash: string, macKey: Uint8Array): CbcOpener | undefined
}
