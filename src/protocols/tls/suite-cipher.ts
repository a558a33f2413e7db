import { CIPHER_SUITES } from './cipher-suites.ts'

/** How a suite protects records, and which hash its key schedule takes. */
export interface SuiteCipher {
  readonly kind: 'gcm' | 'ccm' | 'chacha' | 'cbc'
  /** Name of the cipher in node:crypto. */
  readonly cipher: string
  readonly keyBytes: number
  /** Of the part of the nonce that the keys give: 4 or 12 with an AEAD; the block of CBC. */
  readonly ivBytes: number
  /** AEAD only. */
  readonly tagBytes: number
  /** Hash of the PRF of TLS 1.2 and of HKDF. */
  readonly hash: 'sha256' | 'sha384'
  /** CBC only: hash and size of the MAC. */
  readonly mac: 'sha1' | 'sha256' | 'sha384' | 'md5'
  readonly macBytes: number
}

const MAC_BYTES = { sha1: 20, sha256: 32, sha384: 48, md5: 16 } as const
const CIPHER = /_(AES_(?:128|256)|CAMELLIA_(?:128|256)|CHACHA20|3DES_EDE)_(GCM|CCM_8|CCM|CBC|POLY1305)(?:_(SHA384|SHA256|SHA|MD5))?$/

/** Undefined for what is not decrypted here (RC4, NULL, GOST …) and unknown suites. */
export function suiteCipher(suite: number): SuiteCipher | undefined {
  const match = CIPHER.exec(CIPHER_SUITES.registered(suite) ?? '')
  if (match === null) return undefined
  const [, name = '', mode = '', hashName] = match
  const hash = hashName === 'SHA384' ? 'sha384' : 'sha256'
  const keyBytes = name === '3DES_EDE' ? 24 : name.endsWith('128') ? 16 : 32
  const none = { mac: 'sha256', macBytes: 0, hash } as const
  if (mode === 'POLY1305') return { kind: 'chacha', cipher: 'chacha20-poly1305', keyBytes: 32, ivBytes: 12, tagBytes: 16, ...none }
  const cipher = `${name.replace('_', '-').toLowerCase()}-${mode.slice(0, 3).toLowerCase()}`
  if (mode === 'CBC') {
    const mac = hashName === 'SHA' ? 'sha1' : hashName === 'MD5' ? 'md5' : hash
    const block = name === '3DES_EDE' ? 8 : 16
    return { kind: 'cbc', cipher: name === '3DES_EDE' ? 'des-ede3-cbc' : cipher, keyBytes, ivBytes: block, tagBytes: 0, hash, mac, macBytes: MAC_BYTES[mac] }
  }
  if (name.startsWith('CAMELLIA') || name.startsWith('3DES')) return undefined
  return { kind: mode === 'GCM' ? 'gcm' : 'ccm', cipher, keyBytes, ivBytes: 4, tagBytes: mode === 'CCM_8' ? 8 : 16, ...none }
}
