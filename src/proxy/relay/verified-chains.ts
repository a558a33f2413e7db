import { allocateAt, bytesAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'

/** How long a chain counts as verified. Anything that could make OpenSSL judge otherwise meanwhile, but time, comes with a new context. */
const REMEMBERED_MS = 10 * 60_000
/** Some 2 KB each. */
const MAX_CHAINS = 1024
/** Longer chains are verified each time. */
const MAX_DER_BYTES = 16 * 1024
const POINTER_BYTES = 8
const ACCEPTED = 1

/** Until when which chain counts as verified, in milliseconds since 1970, by the DER of all its certificates. */
type Chains = Map<string, number>

/** By the number that OpenSSL hands back; those of a context are gone when it is released, though its last connections may go on. */
const chainsOf = new Map<number, Chains>()
let lastNumber = 0
let callback: bigint | undefined

const memory = allocateAt(POINTER_BYTES + MAX_DER_BYTES)
const view = Buffer.from(bytesAt(memory, POINTER_BYTES + MAX_DER_BYTES).buffer)
const difference = new Int32Array(2)

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

function verify(verification: number, number: number): number {
  const chains = chainsOf.get(number)
  const key = chains === undefined ? undefined : readChain(verification)
  if (chains === undefined || key === undefined) return ssl.X509_verify_cert(verification)
  const nowMillis = Date.now()
  const untilMillis = chains.get(key)
  if (untilMillis !== undefined && nowMillis < untilMillis) return ACCEPTED
  chains.delete(key)
  const result = ssl.X509_verify_cert(verification)
  if (result === ACCEPTED) remember(chains, key, Math.min(nowMillis + REMEMBERED_MS, nowMillis + millisLeft(verification)))
  return result
}

/** The oldest makes room. */
function remember(chains: Chains, key: string, untilMillis: number): void {
  if (chains.size >= MAX_CHAINS) chains.delete(chains.keys().next().value!)
  chains.set(key, untilMillis)
}

/** The leaf and all that the peer sent with it; undefined where that is too long. */
function readChain(verification: number): string | undefined {
  view.writeBigUInt64LE(BigInt(memory + POINTER_BYTES), 0)
  let sizeBytes = 0
  const sent = ssl.X509_STORE_CTX_get0_untrusted(verification)
  const count = ssl.OPENSSL_sk_num(sent)
  for (let i = -1; i < count; i++) {
    const certificate = i < 0 ? ssl.X509_STORE_CTX_get0_cert(verification) : ssl.OPENSSL_sk_value(sent, i)
    const needed = ssl.i2d_X509(certificate, 0)
    if (needed <= 0 || sizeBytes + needed > MAX_DER_BYTES) return undefined
    // Each call moves the pointer on.
    ssl.i2d_X509(certificate, memory)
    sizeBytes += needed
  }
  return view.toString('latin1', POINTER_BYTES, POINTER_BYTES + sizeBytes)
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
