import type { webcrypto } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from '@peculiar/asn1-x509'
import type * as X509 from '@peculiar/x509'
import { x509 } from './x509.ts'
import type { LeafNames, NameLimits } from './certificate-names.ts'
import type { Lifetime } from './lifetime.ts'
import { formatPem } from './pem.ts'

export const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const NAME_CONSTRAINTS = '2.5.29.30'
/** RFC 5280 §4.1.2.2 wants a positive number of at most 20 octets. */
const SERIAL_BYTES = 16

/** Who signs: undefined where a root signs itself. */
export interface Signer { readonly certificate: X509.X509Certificate, readonly privateKey: webcrypto.CryptoKey }

export interface AuthorityProfile extends Lifetime, NameLimits {
  readonly commonName: string
  /** CAs that may follow before the leaf (RFC 5280 §4.2.1.9). */
  readonly pathLength: number
}

export interface LeafProfile extends Lifetime {
  readonly names: LeafNames
  /** SubjectPublicKeyInfo. */
  readonly publicKey: X509.PublicKeyType
}

/** A CA's certificate, by `signer` or by itself. */
export async function signAuthority(profile: AuthorityProfile, keys: webcrypto.CryptoKeyPair, signer?: Signer): Promise<X509.X509Certificate> {
  const subject = [{ CN: [profile.commonName] }]
  return await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(), subject, issuer: signer === undefined ? subject : signer.certificate.subjectName.toJSON(),
    ...validity(profile), signingAlgorithm: ECDSA_P256, publicKey: keys.publicKey, signingKey: signer?.privateKey ?? keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, profile.pathLength, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${profile.trustDomain}` }]),
      nameConstraints(profile),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...signer === undefined ? [] : [await authorityKeyId(signer.certificate)],
    ],
  })
}

/** An X509-SVID: §2 exactly one URI, §4 no CA rights, good for both ends of a handshake. No subject, hence names that are critical (RFC 5280 §4.2.1.6). */
export async function signLeaf(profile: LeafProfile, signer: Signer): Promise<X509.X509Certificate> {
  return await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(), issuer: signer.certificate.subjectName.toJSON(), ...validity(profile),
    signingAlgorithm: ECDSA_P256, publicKey: profile.publicKey, signingKey: signer.privateKey,
    extensions: await leafExtensions(profile.names, profile.publicKey, signer.certificate, true),
  })
}

export async function leafExtensions(names: LeafNames, publicKey: X509.PublicKeyType, issuer: X509.X509Certificate, noSubject: boolean): Promise<X509.Extension[]> {
  const alternatives: X509.JsonGeneralNames = [
    { type: 'url', value: names.spiffeId },
    ...names.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...names.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ]
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
    new x509.SubjectAlternativeNameExtension(alternatives, noSubject),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await authorityKeyId(issuer),
  ]
}

/** RFC 5280 §4.2.1.10: critical; of URIs the host, which is the trust domain itself and nothing below it. */
function nameConstraints({ trustDomain, dnsDomains }: NameLimits): X509.Extension {
  const bases = [new GeneralName({ uniformResourceIdentifier: trustDomain }), ...dnsDomains.map((dNSName) => new GeneralName({ dNSName }))]
  const permittedSubtrees = new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })))
  return new x509.Extension(NAME_CONSTRAINTS, true, AsnConvert.serialize(new NameConstraints({ permittedSubtrees })))
}

async function authorityKeyId(issuer: X509.X509Certificate): Promise<X509.Extension> {
  const subjectKeyId = issuer.getExtension(x509.SubjectKeyIdentifierExtension)
  // The identifier as the issuer has it, not one computed anew by perhaps another method.
  return subjectKeyId === null ? await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey) : new x509.AuthorityKeyIdentifierExtension(subjectKeyId.keyId)
}

function validity({ notBeforeMillis, notAfterMillis }: Lifetime): { notBefore: Date, notAfter: Date } {
  return { notBefore: new Date(notBeforeMillis), notAfter: new Date(notAfterMillis) }
}

export function newSerial(): string {
  const bytes = crypto.getRandomValues(Buffer.alloc(SERIAL_BYTES))
  // Positive, and no byte of zeros in front that an encoder would have to drop.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

/** ECDSA P-256. */
export async function generateKeys(extractable: boolean): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(ECDSA_P256, extractable, ['sign', 'verify'])
}

/** PKCS #8 (RFC 5958). */
export async function exportKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return formatPem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', key))
}

export function certificatePem(certificate: X509.X509Certificate): string {
  return formatPem('CERTIFICATE', certificate.rawData)
}
