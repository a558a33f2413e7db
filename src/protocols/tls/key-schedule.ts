import { createHash, createHmac } from 'node:crypto'
import type { SuiteCipher } from './suite-cipher.ts'
import { TLS_1_2 } from './versions.ts'

/** Keys of TLS 1.2 and before for both directions (RFC 5246 §6.3). */
export interface KeyBlock { readonly mac: Uint8Array, readonly key: Uint8Array, readonly iv: Uint8Array }

function hmac(hash: string, key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const state = createHmac(hash, key)
  for (const part of parts) state.update(part)
  return state.digest()
}

/** P_hash of RFC 5246 §5. */
function expand(hash: string, secret: Uint8Array, seed: Uint8Array, sizeBytes: number): Buffer {
  const out: Buffer[] = []
  let a = hmac(hash, secret, seed)
  for (let made = 0; made < sizeBytes; made += out.at(-1)!.length) {
    out.push(hmac(hash, secret, a, seed))
    a = hmac(hash, secret, a)
  }
  return Buffer.concat(out).subarray(0, sizeBytes)
}

/** PRF of RFC 5246 §5; before TLS 1.2 that of RFC 2246 §5. */
function prf(version: number, hash: string, secret: Uint8Array, label: string, seed: Uint8Array, sizeBytes: number): Buffer {
  const labelled = Buffer.concat([Buffer.from(label, 'latin1'), seed])
  if (version >= TLS_1_2) return expand(hash, secret, labelled, sizeBytes)
  const half = Math.ceil(secret.length / 2)
  const out = expand('md5', secret.subarray(0, half), labelled, sizeBytes)
  const other = expand('sha1', secret.subarray(secret.length - half), labelled, sizeBytes)
  for (let i = 0; i < sizeBytes; i++) out[i]! ^= other[i]!
  return out
}

/** RFC 5246 §8.1. Not for connections with an extended master secret, which is made of the messages instead. */
export function masterSecret(version: number, suite: SuiteCipher, premaster: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Uint8Array {
  return prf(version, suite.hash, premaster, 'master secret', Buffer.concat([clientRandom, serverRandom]), 48)
}

/** The client's keys and the server's. */
export function keyBlocks(
  version: number, suite: SuiteCipher, master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array,
): [KeyBlock, KeyBlock] {
  const { macBytes, keyBytes } = suite
  // TLS 1.1 and 1.2 send the initialisation vector of CBC along; what is derived then goes unused.
  const { ivBytes } = suite
  const block = prf(version, suite.hash, master, 'key expansion', Buffer.concat([serverRandom, clientRandom]), 2 * (macBytes + keyBytes + ivBytes))
  let at = 0
  const next = (size: number): Uint8Array => block.subarray(at, at += size)
  const [clientMac, serverMac, clientKey, serverKey] = [next(macBytes), next(macBytes), next(keyBytes), next(keyBytes)]
  const [clientIv, serverIv] = [next(ivBytes), next(ivBytes)]
  return [{ mac: clientMac, key: clientKey, iv: clientIv }, { mac: serverMac, key: serverKey, iv: serverIv }]
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1); `sizeBytes` at most that of the hash. */
function expandLabel(hash: string, secret: Uint8Array, label: string, sizeBytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1')
  const info = Buffer.concat([Buffer.from([sizeBytes >> 8, sizeBytes & 0xff, name.length]), name, Buffer.from([0, 1])])
  return hmac(hash, secret, info).subarray(0, sizeBytes)
}

/** Key and nonce of a traffic secret (RFC 8446 §7.3). */
export function trafficKeys(suite: SuiteCipher, secret: Uint8Array): { key: Uint8Array, iv: Uint8Array } {
  return { key: expandLabel(suite.hash, secret, 'key', suite.keyBytes), iv: expandLabel(suite.hash, secret, 'iv', 12) }
}

/** The next generation after a KeyUpdate (RFC 8446 §7.2). */
export function nextTrafficSecret(suite: SuiteCipher, secret: Uint8Array): Uint8Array {
  return expandLabel(suite.hash, secret, 'traffic upd', secret.length)
}

/** A short name of secret bytes for maps: what they are cannot be told from it. */
export function digestName(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
