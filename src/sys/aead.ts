import { Buffer } from 'node:buffer'
import koffi from 'koffi'
import type { AeadOpener } from '../base/aead-opener.ts'

/*
 * Decryption by the OpenSSL that node carries, a context of it used again and again: node:crypto makes an object and several calls of each record,
 * 1.4 to 4 µs where this takes 0.8. One declaration a line, named as its man page in section 3.
 */
const libcrypto = koffi.load(null)

type Handle = number | bigint
type Memory = Uint8Array | null

const EVP_get_cipherbyname: (name: string) => Handle = libcrypto.func('uint64_t EVP_get_cipherbyname(const char *name)')
const EVP_CIPHER_CTX_new: () => Handle = libcrypto.func('uint64_t EVP_CIPHER_CTX_new()')
const EVP_DecryptInit_ex: (ctx: Handle, type: Handle, impl: Handle, key: Memory, iv: Memory) => number = libcrypto.func('int EVP_DecryptInit_ex(uint64_t ctx, uint64_t type, uint64_t impl, const void *key, const void *iv)')
const EVP_CIPHER_CTX_ctrl: (ctx: Handle, type: number, size: number, tag: Memory) => number = libcrypto.func('int EVP_CIPHER_CTX_ctrl(uint64_t ctx, int type, int arg, void *ptr)')
const EVP_DecryptUpdate: (ctx: Handle, out: Memory, outBytes: Memory, from: Memory, size: number) => number = libcrypto.func('int EVP_DecryptUpdate(uint64_t ctx, void *out, void *outl, const void *in, int inl)')
const EVP_DecryptFinal_ex: (ctx: Handle, out: Memory, outBytes: Memory) => number = libcrypto.func('int EVP_DecryptFinal_ex(uint64_t ctx, void *out, void *outl)')
const ERR_clear_error: () => void = libcrypto.func('void ERR_clear_error()')

const SET_TAG = 0x11
const LENGTH_BYTES = 8
const BLOCK_BYTES = 16
const TAG_BYTES = 16
const NONCE_BYTES = 12
/** Bytes of their keys. */
const CIPHERS: ReadonlyMap<string, number> = new Map([['aes-128-gcm', 16], ['aes-256-gcm', 32], ['chacha20-poly1305', 32]])

class Aead implements AeadOpener {
  readonly #context: Handle
  readonly #keyBytes: number
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  readonly #rest = Buffer.alloc(BLOCK_BYTES)
  /** That the context has. */
  #key: Uint8Array | undefined

  constructor(context: Handle, keyBytes: number) {
    this.#context = context
    this.#keyBytes = keyBytes
  }

  open(key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Buffer | undefined {
    const context = this.#context
    const size = end - start
    // OpenSSL reads as much as it is told to, and is content with a tag of one byte.
    if (start < 0 || size < 0 || to - end !== TAG_BYTES || to > bytes.length || nonce.length !== NONCE_BYTES || key.length !== this.#keyBytes) return undefined
    const content = Buffer.allocUnsafe(size)
    const isOpen = EVP_DecryptInit_ex(context, 0, 0, this.#key === key ? null : key, nonce) === 1
      && EVP_CIPHER_CTX_ctrl(context, SET_TAG, to - end, bytes.subarray(end, to)) === 1
      && EVP_DecryptUpdate(context, null, this.#length, extra, extra.length) === 1
      && (size === 0 || EVP_DecryptUpdate(context, content, this.#length, bytes.subarray(start, end), size) === 1)
      && EVP_DecryptFinal_ex(context, this.#rest, this.#length) === 1
    this.#key = isOpen ? key : undefined
    if (isOpen) return content
    ERR_clear_error()
    return undefined
  }
}

const known = new Map<string, AeadOpener | undefined>()

/** `cipher` as node:crypto names it. Undefined for those that are not done here. One thread's objects; they live as long as it does. */
export function aeadOpener(cipher: string): AeadOpener | undefined {
  if (!known.has(cipher)) known.set(cipher, openAead(cipher))
  return known.get(cipher)
}

function openAead(cipher: string): AeadOpener | undefined {
  const keyBytes = CIPHERS.get(cipher)
  const type = keyBytes === undefined ? 0 : EVP_get_cipherbyname(cipher)
  if (keyBytes === undefined || Number(type) === 0) return undefined
  const context = EVP_CIPHER_CTX_new()
  if (Number(context) === 0 || EVP_DecryptInit_ex(context, type, 0, null, null) !== 1) return undefined
  return new Aead(context, keyBytes)
}
