import { createPrivateKey, randomInt, X509Certificate } from 'node:crypto'
import { MtlscopeError } from '../base/errors.ts'
import { postJson } from './ca-connection.ts'
import { exportKeyPem, generateKeys } from './certificate-profile.ts'
import { notAfterMs, notBeforeMs } from './certificate-times.ts'
import { createCsr } from './csr.ts'
import { renewAtMillis } from './lifetime.ts'
import { splitPem } from './pem.ts'
import { parseSpiffeId } from './spiffe.ts'

export interface FetchOptions {
  /** `host:port`, `[v6]:port`; without a port 8444. */
  readonly address: string
  /** The roots that the CA's own certificate must stand under. */
  readonly bundlePem: string
  readonly token: string
  /** Who this workload is; an answer for somebody else is refused. */
  readonly spiffeId: string
  /** Whatever the CA gives by default where left out. */
  readonly ttlSeconds?: number
  /** Of the whole exchange; 10 s where left out. */
  readonly timeoutMs?: number
}

export interface FetchedIdentity {
  /** PKCS #8, made here; it was never sent. */
  readonly keyPem: string
  /** Leaf first. */
  readonly chainPem: string
  /** What to trust from now on, and to pin at the next call: during a rotation it has more roots than before. */
  readonly bundlePem: string
  readonly expiresAt: Date
  /** When to call again, spread over a tenth of the lifetime. Milliseconds since 1970. */
  readonly renewAtMillis: number
}

const DEFAULT_TIMEOUT_MS = 10_000
const SPREAD_STEPS = 1 << 20

/**
 * A new key and its certificate from `mtlscope ca serve`. The server must be the CA itself: another workload's certificate, though of the same mesh, gets no
 * token. Throws MtlscopeError 'ca-unreachable' (try again later), 'ca-refused' (that will not help), 'usage'.
 */
export async function fetchIdentity(options: FetchOptions): Promise<FetchedIdentity> {
  const { address, bundlePem, token, spiffeId, ttlSeconds, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const id = parseSpiffeId(spiffeId)
  if (id === undefined) throw new MtlscopeError('usage', `not a SPIFFE ID: ${spiffeId}`)
  // Without one Node would trust the public authorities.
  if (parseCertificates(bundlePem).length === 0) throw new MtlscopeError('usage', 'the bundle to trust the CA by holds no certificate', { hint: 'get it with: mtlscope ca show -o pem' })
  const keys = await generateKeys(true)
  const csr = await createCsr(keys, spiffeId)
  const answer = await postJson({ address, bundlePem, token, trustDomain: id.trustDomain, timeoutMs }, '/v1/sign', { csr, ttlSeconds })
  const keyPem = await exportKeyPem(keys.privateKey)
  return { keyPem, ...readAnswer(answer, spiffeId, keyPem) }
}

function readAnswer(answer: object, spiffeId: string, keyPem: string): Omit<FetchedIdentity, 'keyPem'> {
  const { chain, bundle } = answer as { chain?: unknown, bundle?: unknown }
  if (typeof chain !== 'string' || typeof bundle !== 'string') throw unfit('it has no chain or no bundle')
  const [leaf, ...intermediates] = parseCertificates(chain)
  const roots = parseCertificates(bundle)
  if (leaf === undefined || !fitsKey(leaf, keyPem)) throw unfit('its certificate is for another key')
  if (leaf.subjectAltName?.split(', ').filter((name) => name.startsWith('URI:')).join() !== `URI:${spiffeId}`) throw unfit('its certificate is for another identity')
  if (!leadsTo([leaf, ...intermediates], roots)) throw unfit('its chain does not lead to its bundle')
  const [fromMs, untilMs] = [notBeforeMs(leaf), notAfterMs(leaf)]
  return {
    // Made anew from what was parsed: nothing else that the answer may have held gets into files.
    chainPem: splitPem(chain, 'CERTIFICATE').join(''), bundlePem: splitPem(bundle, 'CERTIFICATE').join(''), expiresAt: new Date(untilMs),
    renewAtMillis: renewAtMillis(fromMs, untilMs, randomInt(SPREAD_STEPS) / SPREAD_STEPS),
  }
}

function unfit(why: string): MtlscopeError {
  return new MtlscopeError('ca-unreachable', `the answer of the CA is of no use: ${why}`)
}

function parseCertificates(pem: string): X509Certificate[] {
  try {
    return splitPem(pem, 'CERTIFICATE').map((block) => new X509Certificate(block))
  } catch {
    return []
  }
}

function fitsKey(leaf: X509Certificate, keyPem: string): boolean {
  return leaf.checkPrivateKey(createPrivateKey(keyPem))
}

/** Each signed by the next, the last by one of the roots. */
function leadsTo(chain: readonly X509Certificate[], roots: readonly X509Certificate[]): boolean {
  return chain.every((certificate, index) => {
    const issuers = index + 1 < chain.length ? [chain[index + 1]!] : roots
    return issuers.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
  })
}
