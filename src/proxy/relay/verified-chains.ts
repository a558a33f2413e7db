import { allocateAt, bytesAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import type { PeerNames } from './identity-match.ts'
import { readNames } from './peer-certificate.ts'

/** How long a chain counts as verified. Anything that could make OpenSSL judge otherwise meanwhile, but time, comes with a new context. */
const REMEMBERED_MS = 10 * 60_000
/** Some 2 KB each. */
const MAX_CHAINS = 1024
/** Longer chains are verified each time. */
const MAX_DER_BYTES = 16 * 1024
const POINTER_BYTES = 8
const TAIL_BYTES = 4
const ACCEPTED = 1

interface Chain {
  /** The leaf and all that the peer sent with it. */
  readonly der: Uint8Array
  /** Until when it counts as verified, in milliseconds since 1970. */
  readonly untilMillis: number
  /** Of the leaf. */
  readonly names: PeerNames
}

/** By the last bytes of the leaf, which are of its signature: all bytes are compared, and of two chains with the same tail one is remembered. */
type Chains = Map<number, Chain>

/** By the number that OpenSSL hands back; those of a context are gone when it is released, though its last connections may go on. */
const chainsOf = new Map<number, Chains>()
let lastNumber = 0
let callback: bigint | undefined
let verifiedNames: PeerNames | undefined

const memory = allocateAt(POINTER_BYTES + MAX_DER_BYTES)
const bytes = Buffer.from(bytesAt(memory, POINTER_BYTES + MAX_DER_BYTES).buffer)
const pointer = new Uint32Array(bytes.buffer, 0, 2)
const difference = new Int32Array(2)
let leafBytes = 0

/**
 * Lets a context remember which chains it has verified: of a handshake with a peer that is known a fifth of the work is done, its proof
 * that it has the key is asked for each time. Returns what to call when the context is released.
 */
export function rememberVerifiedChains(context: number): () => void {
  callback ??= ssl.registerCertVerify(verify)
  const number = ++lastNumber
  chainsOf.set(number, new Map())
  ssl.SSL_CTX_set_cert_verify_callback(context, callback, number)
  return () => void chainsOf.delete(number)
}

/**
 * The names in the certificate of the peer whose chain was found good since the last call: to be asked after each step of a handshake.
 * Undefined where none was looked at, or it is not remembered. That the peer has the key is known at the end of the handshake only.
 */
export function takeVerifiedNames(): PeerNames | undefined {
  const names = verifiedNames
  verifiedNames = undefined
  return names
}

function verify(verification: number, number: number): number {
  const chains = chainsOf.get(number)
  const sizeBytes = chains === undefined ? 0 : readChain(verification)
  if (chains === undefined || sizeBytes === 0) return ssl.X509_verify_cert(verification)
  const tail = bytes.readUInt32LE(POINTER_BYTES + leafBytes - TAIL_BYTES)
  const known = chains.get(tail)
  if (known !== undefined && Date.now() < known.untilMillis && bytes.compare(known.der, 0, known.der.length, POINTER_BYTES, POINTER_BYTES + sizeBytes) === 0) {
    verifiedNames = known.names
    return ACCEPTED
  }
  const result = ssl.X509_verify_cert(verification)
  if (result === ACCEPTED) remember(chains, tail, verification, sizeBytes)
  return result
}

/** The oldest makes room. */
function remember(chains: Chains, tail: number, verification: number, sizeBytes: number): void {
  chains.delete(tail)
  if (chains.size >= MAX_CHAINS) chains.delete(chains.keys().next().value!)
  const der = Uint8Array.from(bytes.subarray(POINTER_BYTES, POINTER_BYTES + sizeBytes))
  const untilMillis = Date.now() + Math.min(REMEMBERED_MS, millisLeft(verification))
  verifiedNames = readNames(ssl.X509_STORE_CTX_get0_cert(verification))
  chains.set(tail, { der, untilMillis, names: verifiedNames })
}

/** Copies the leaf and all that the peer sent with it behind the pointer. How many bytes; 0 where that is too long. */
function readChain(verification: number): number {
  const from = memory + POINTER_BYTES
  pointer[0] = from % 2 ** 32
  pointer[1] = from / 2 ** 32
  let sizeBytes = 0
  const sent = ssl.X509_STORE_CTX_get0_untrusted(verification)
  const count = ssl.OPENSSL_sk_num(sent)
  for (let i = -1; i < count; i++) {
    const certificate = i < 0 ? ssl.X509_STORE_CTX_get0_cert(verification) : ssl.OPENSSL_sk_value(sent, i)
    const needed = ssl.i2d_X509(certificate, 0)
    if (needed <= TAIL_BYTES || sizeBytes + needed > MAX_DER_BYTES) return 0
    // Each call moves the pointer on.
    ssl.i2d_X509(certificate, memory)
    sizeBytes += needed
    if (i < 0) leafBytes = needed
  }
  return sizeBytes
}

/** How long all certificates of the verified chain, its anchor too, are still valid. */
function millisLeft(verification: number): number {
  const chain = ssl.X509_STORE_CTX_get0_chain(verification)
  let least = Infinity
  for (let i = 0; i < ssl.OPENSSL_sk_num(chain); i++) {
    if (ssl.ASN1_TIME_diff(difference, ssl.X509_get0_notAfter(ssl.OPENSSL_sk_value(chain, i))) !== 1) return 0
    least = Math.min(least, (difference[0] * 86_400 + difference[1]) * 1000)
  }
  return least
}
