import { X509Certificate, hash } from 'node:crypto'
import { Cursor } from './cursor.ts'
import { OBJECT_IDENTIFIER, SEQUENCE, oidText, readDer, readDerOf } from './der.ts'
import { nameText } from './distinguished-name.ts'
import { MAX_ALTERNATIVE_NAMES } from './limits.ts'
import { splitAlternativeNames } from './alternative-names.ts'

/** What a certificate says. Peer bytes: nothing of it was verified. */
export interface CertificateFacts {
  /** `C=SE, O=Acme, CN=shop`, in the certificate's order; empty where the certificate has none. */
  subject?: string
  issuer?: string
  /** Upper-case hexadecimal. */
  serial?: string
  /** RFC 3339, UTC, seconds. */
  notBefore?: string
  notAfter?: string
  /** Subject alternative names with their kind in front: `DNS:shop.example`, `URI:spiffe://…`, `IP Address:10.0.0.1`. */
  alternativeNames?: string[]
  /** The one URI of the scheme spiffe, if there is one (SPIFFE X.509-SVID §2). */
  spiffeId?: string
  /** `rsa`, `ec`, `ed25519`, … */
  publicKeyType?: string
  publicKeyBits?: number
  /** `prime256v1`, `secp384r1`, …; of EC keys. */
  publicKeyCurve?: string
  signatureAlgorithm?: string
  /** Basic constraint CA. */
  ca?: boolean
  /** Lower-case hexadecimal of SHA-256 over the DER bytes. */
  sha256: string
  bytes: number
  /** The DER could not be read; the rest is missing then. */
  malformed?: true
}

const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption', '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss', '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption', '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1', '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256', '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512', '1.2.840.10040.4.3': 'dsa-with-SHA1', '1.3.101.112': 'ed25519', '1.3.101.113': 'ed448',
  '2.16.840.1.101.3.4.3.17': 'mldsa44', '2.16.840.1.101.3.4.3.18': 'mldsa65', '2.16.840.1.101.3.4.3.19': 'mldsa87',
}

/** EC curves that Node names without giving a size. */
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp224r1: 224, secp256k1: 256, secp384r1: 384, secp521r1: 521 }

/** Certificates whose facts are remembered; a service shows the same one again and again, and taking it apart costs 60 µs. */
const MAX_REMEMBERED = 256
const remembered = new Map<string, Readonly<CertificateFacts>>()

/** Facts of one DER-encoded certificate. Never throws: what cannot be read is missing. Shared with whoever asks for the same one. */
export function describeCertificate(der: Uint8Array): Readonly<CertificateFacts> {
  const sha256 = hash('sha256', der, 'hex')
  const known = remembered.get(sha256)
  if (known !== undefined) return known
  const facts = factsOf(der, sha256)
  if (remembered.size === MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
  remembered.set(sha256, facts)
  return facts
}

function factsOf(der: Uint8Array, sha256: string): CertificateFacts {
  const facts: CertificateFacts = { sha256, bytes: der.length }
  let x509: X509Certificate
  try {
    x509 = new X509Certificate(der)
  } catch {
    return { ...facts, malformed: true }
  }
  Object.assign(facts, namesInside(der), {
    serial: x509.serialNumber,
    notBefore: rfc3339(x509.validFrom),
    notAfter: rfc3339(x509.validTo),
    ca: x509.ca,
  })
  addAlternativeNames(facts, x509)
  addPublicKey(facts, x509)
  return facts
}

/** RFC 5280 §4.1: what is taken from the DER itself, so that names read alike everywhere. */
function namesInside(der: Uint8Array): Partial<CertificateFacts> {
  const certificate = readDerOf(new Cursor(der), SEQUENCE)
  const tbs = certificate === undefined ? undefined : readDerOf(certificate, SEQUENCE)
  if (certificate === undefined || tbs === undefined) return {}
  const algorithm = readDerOf(certificate, SEQUENCE)
  const oid = algorithm === undefined ? undefined : readDerOf(algorithm, OBJECT_IDENTIFIER)
  const signature = oid === undefined ? undefined : oidText(oid)
  if (tbs.bytes[tbs.at] === 0xa0) readDer(tbs)
  readDer(tbs)
  readDer(tbs)
  const issuer = nextName(tbs)
  readDer(tbs)
  const subject = nextName(tbs)
  return {
    ...(subject !== undefined && { subject }),
    ...(issuer !== undefined && { issuer }),
    ...(signature !== undefined && { signatureAlgorithm: SIGNATURES[signature] ?? signature }),
  }
}

function nextName(tbs: Cursor): string | undefined {
  const from = tbs.at
  readDer(tbs)
  return nameText(tbs.bytes, from, tbs.at)
}

function addAlternativeNames(facts: CertificateFacts, x509: X509Certificate): void {
  const names = splitAlternativeNames(x509.subjectAltName ?? '')
  if (names.length === 0) return
  facts.alternativeNames = names.slice(0, MAX_ALTERNATIVE_NAMES)
  const ids = names.filter((name) => name.startsWith('URI:spiffe://'))
  if (ids.length === 1) facts.spiffeId = ids[0]!.slice('URI:'.length)
}

function addPublicKey(facts: CertificateFacts, x509: X509Certificate): void {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey
    const curve = asymmetricKeyDetails?.namedCurve
    const bits = asymmetricKeyDetails?.modulusLength ?? (curve === undefined ? undefined : CURVE_BITS[curve])
    if (asymmetricKeyType !== undefined) facts.publicKeyType = asymmetricKeyType
    if (curve !== undefined) facts.publicKeyCurve = curve
    if (bits !== undefined) facts.publicKeyBits = bits
  } catch {
    // A kind of key that this OpenSSL does not know: the type stays unsaid.
  }
}

/** `Jan  1 00:00:00 2026 GMT` as OpenSSL prints it. */
function rfc3339(text: string): string | undefined {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z')
}
