import type { Buffer } from 'node:buffer'

/** Opens what an AEAD with 16 bytes of tag has sealed: asked for by the dissector of TLS, which may not call the machine, and given by what may. */
export interface AeadOpener {
  /** bytes[start, end) are the ciphertext, bytes[end, to) the tag. A buffer of its own with the content; undefined where it does not authenticate. `key` must not change. */
  open(key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Buffer | undefined
}
