import koffi from 'koffi'

/*
 * What decryption takes of the OpenSSL that node carries; addresses are plain numbers (see memory.ts). One declaration a line, named as its man page in section 3.
 */
const libcrypto = koffi.load(null)

type Address = number | bigint

const EVP_get_cipherbyname: (name: string) => Address = libcrypto.func('uint64_t EVP_get_cipherbyname(const char *name)')
const EVP_get_digestbyname: (name: string) => Address = libcrypto.func('uint64_t EVP_get_digestbyname(const char *name)')
const EVP_CIPHER_CTX_new: () => Address = libcrypto.func('uint64_t EVP_CIPHER_CTX_new()')
const HMAC_CTX_new: () => Address = libcrypto.func('uint64_t HMAC_CTX_new()')
const EVP_CIPHER_CTX_set_padding: (context: number, padding: number) => number = libcrypto.func('int EVP_CIPHER_CTX_set_padding(uint64_t ctx, int pad)')
export const EVP_DecryptInit_ex2: (context: number, type: number, key: number, iv: number, parameters: number) => number = libcrypto.func('int EVP_DecryptInit_ex2(uint64_t ctx, uint64_t type, uint64_t key, uint64_t iv, uint64_t params)')
export const EVP_DecryptUpdate: (context: number, out: number, written: number, from: number, size: number) => number = libcrypto.func('int EVP_DecryptUpdate(uint64_t ctx, uint64_t out, uint64_t outl, uint64_t in, int inl)')
export const EVP_DecryptFinal_ex: (context: number, out: number, written: number) => number = libcrypto.func('int EVP_DecryptFinal_ex(uint64_t ctx, uint64_t out, uint64_t outl)')
export const HMAC_Init_ex: (context: number, key: number, size: number, type: number, impl: number) => number = libcrypto.func('int HMAC_Init_ex(uint64_t ctx, uint64_t key, int key_len, uint64_t md, uint64_t impl)')
export const HMAC_Update: (context: number, from: number, size: number) => number = libcrypto.func('int HMAC_Update(uint64_t ctx, uint64_t data, size_t len)')
export const HMAC_Final: (context: number, out: number, size: number) => number = libcrypto.func('int HMAC_Final(uint64_t ctx, uint64_t md, uint64_t len)')
/** Of what failed the errors stay in a queue, which would be shown to whoever fails next. */
export const ERR_clear_error: () => void = libcrypto.func('void ERR_clear_error()')

/** 0: there is none of that name. */
export function cipherNamed(name: string): number {
  return Number(EVP_get_cipherbyname(name))
}

export function digestNamed(name: string): number {
  return Number(EVP_get_digestbyname(name))
}

/** A context that decrypts with the cipher once it has a key. 0: there is none. It lives as long as its thread. */
export function decryptionContext(cipher: number): number {
  const context = Number(EVP_CIPHER_CTX_new())
  return context !== 0 && EVP_DecryptInit_ex2(context, cipher, 0, 0, 0) === 1 ? context : 0
}

/** As decryptionContext; of a block cipher, whose padding stays. */
export function blockContext(cipher: number): number {
  const context = decryptionContext(cipher)
  if (context !== 0) EVP_CIPHER_CTX_set_padding(context, 0)
  return context
}

export function macContext(): number {
  return Number(HMAC_CTX_new())
}
