import { Buffer } from 'node:buffer'
import koffi from 'koffi'

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
const NAMES: ReadonlySet<string> = new Set(['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'])

/** Opens what an AEAD of 16 bytes of tag has sealed: the `AeadOpener` that the dissector of TLS takes. */
export interface AeadOpener {
  /** bytes[start, end) are the ciphertext, bytes[end, to) the tag. A buffer of its own with the content; undefined where it does not authenticate. `key` must not change. */
  open(key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Buffer | undefined
}

/** One context for all keys: to change the key takes less than to look after a context for each. */
class Aead implements AeadOpener {
  readonly #context: Handle
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  readonly #rest = Buffer.alloc(BLOCK_BYTES)
  /** That the context has. */
  #key: Uint8Array | undefined

  constructor(context: Handle) {
    this.#context = context
  }

  open(key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Buffer | undefined {
    const context = this.#context
    const size = end - start
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
  const type = NAMES.has(cipher) ? EVP_get_cipherbyname(cipher) : 0
  if (Number(type) === 0) return undefined
  const context = EVP_CIPHER_CTX_new()
  if (Number(context) === 0 || EVP_DecryptInit_ex(context, type, 0, null, null) !== 1) return undefined
  return new Aead(context)
}
