import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { MtlscopeError } from '../base/errors.ts'
import { notAfterMs, notBeforeMs } from './certificate-times.ts'
import { parseSpiffeId } from './spiffe.ts'

/** What a workload proves itself with, as PEM texts. `chainPem` starts with the leaf. */
export interface IdentityMaterial { readonly keyPem: string, readonly chainPem: string, readonly bundlePem: string }

/** Material that fits together, and what it says. */
export interface Identity {
  readonly material: IdentityMaterial
  /** SPIFFE id, else the first DNS name, else the subject. */
  readonly name: string
  readonly dnsNames: readonly string[]
  readonly serial: string
  readonly notBeforeMs: number
  /** Of whatever in the chain ends first. */
  readonly notAfterMs: number
  readonly trustAnchors: number
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
/** Far more than real chains and bundles have. */
const MAX_CERTIFICATES = 1000
const MAX_DEPTH = 10

/**
 * Throws 'bad-identity' unless the key is that of the leaf, the chain leads to an anchor of the bundle, and every certificate on
 * that way is valid at `nowMs`.
 */
export function checkIdentity(material: IdentityMaterial, nowMs: number): Identity {
  const key = parseKey(material.keyPem)
  const chain = parseCertificates(material.chainPem, 'the certificate chain')
  const bundle = parseCertificates(material.bundlePem, 'the trust bundle')
  const leaf = chain[0]!
  if (!leaf.checkPrivateKey(key)) throw bad('the private key is not that of the certificate', 'they are replaced one after the other: it holds again once both are there')
  const way = wayToAnchor(chain, bundle)
  if (way === undefined) throw bad('the certificate chain does not lead to the trust bundle', `the last issuer is ${oneLine(chain.at(-1)!.issuer)}`)
  for (const certificate of way) checkTime(certificate, nowMs)
  const names = namesOf(leaf)
  return {
    material, name: names.spiffeId ?? names.dnsNames[0] ?? oneLine(leaf.subject), dnsNames: names.dnsNames, serial: leaf.serialNumber,
    notBeforeMs: notBeforeMs(leaf), notAfterMs: Math.min(...way.map(notAfterMs)), trustAnchors: bundle.length,
  }
}

/** Every certificate of a PEM text, at least one. Throws 'bad-identity'. */
export function parseCertificates(pem: string, what: string): X509Certificate[] {
  const texts = pem.match(CERTIFICATE) ?? []
  if (texts.length === 0) throw bad(`${what} holds no certificate`, 'PEM: -----BEGIN CERTIFICATE-----')
  if (texts.length > MAX_CERTIFICATES) throw bad(`${what} holds ${texts.length} certificates`, `at most ${MAX_CERTIFICATES}`)
  return texts.map((text, i) => {
    try {
      return new X509Certificate(text)
    } catch (cause) {
      throw bad(`certificate ${i + 1} of ${what} cannot be understood`, undefined, cause)
    }
  })
}

function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const encrypted = pem.includes('ENCRYPTED')
    throw bad(encrypted ? 'the private key is encrypted' : 'the private key cannot be understood', encrypted ? 'a sidecar has nobody to ask for the password' : 'PEM: -----BEGIN PRIVATE KEY-----', cause)
  }
}

/** The leaf and what vouches for it, up to an anchor, which need not sign itself. */
function wayToAnchor(chain: readonly X509Certificate[], bundle: readonly X509Certificate[]): X509Certificate[] | undefined {
  const way = [chain[0]!]
  while (way.length <= MAX_DEPTH) {
    const last = way.at(-1)!
    if (way.length > 1 && bundle.some((anchor) => anchor.fingerprint256 === last.fingerprint256)) return way
    const anchor = bundle.find((one) => issued(one, last))
    if (anchor !== undefined) return [...way, anchor]
    const next = chain.find((one) => !way.includes(one) && issued(one, last))
    if (next === undefined) return undefined
    way.push(next)
  }
  return undefined
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function checkTime(certificate: X509Certificate, nowMs: number): void {
  const name = oneLine(certificate.subject) || 'without a subject'
  const [from, until] = [notBeforeMs(certificate), notAfterMs(certificate)]
  if (Number.isNaN(from + until)) throw bad(`the certificate ${name} has a time that cannot be read: from ${oneLine(certificate.validFrom)} until ${oneLine(certificate.validTo)}`, 'issue a new one')
  if (until <= nowMs) throw bad(`the certificate ${name} expired at ${new Date(until).toISOString()}`, 'issue a new one; if it is new, look at the clock of this machine')
  if (from > nowMs) throw bad(`the certificate ${name} is not valid before ${new Date(from).toISOString()}`, 'look at the clock of this machine')
}

/** Node quotes a name that holds a separator, so such a one is never taken for another. */
function namesOf(leaf: X509Certificate): { spiffeId: string | undefined, dnsNames: string[] } {
  const names = (leaf.subjectAltName ?? '').split(', ')
  const uris = names.filter((name) => name.startsWith('URI:')).map((name) => name.slice('URI:'.length))
  // X509-SVID §2: with more than one URI it is none.
  const spiffeId = uris.length === 1 && parseSpiffeId(uris[0]!) !== undefined ? uris[0] : undefined
  return { spiffeId, dnsNames: names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice('DNS:'.length)) }
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ')
}

function bad(message: string, hint: string | undefined, cause?: unknown): MtlscopeError {
  return new MtlscopeError('bad-identity', message, { cause, ...hint === undefined ? {} : { hint } })
}
