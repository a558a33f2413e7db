import './metadata.ts'
import type { webcrypto } from 'node:crypto'
import { MtlscopeError } from '../base/errors.ts'
import { parseSpiffeId } from './spiffe.ts'
import * as x509 from '@peculiar/x509'

/** What a workload proves itself with. */
export interface Svid {
  readonly spiffeId: string
  /** The leaf alone: it is signed by the root, so there is nothing between. */
  readonly certificatePem: string
  /** PKCS #8. */
  readonly privateKeyPem: string
}

export interface Validity { notBefore: Date, notAfter: Date }

export interface SvidRequest extends Validity {
  spiffeId: string
  dnsNames: readonly string[]
}

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
/** RFC 5280 §4.1.2.2 wants a positive number of at most 20 octets. */
const SERIAL_BYTES = 16

/** A root that signs X509-SVIDs of one trust domain with ECDSA P-256. Its private key stays in memory and cannot be exported. */
export class CertificateAuthority {
  readonly trustDomain: string
  readonly certificatePem: string
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #certificate: x509.X509Certificate

  private constructor(trustDomain: string, keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.trustDomain = trustDomain
    this.#keys = keys
    this.#certificate = certificate
    this.certificatePem = certificate.toString('pem') + '\n'
  }

  static async create(trustDomain: string, validity: Validity): Promise<CertificateAuthority> {
    requireId(`spiffe://${trustDomain}`, trustDomain)
    const keys = await crypto.subtle.generateKey(ECDSA_P256, false, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerial(), name: `CN=${trustDomain} root`, ...validity, signingAlgorithm: ECDSA_P256, keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return new CertificateAuthority(trustDomain, keys, certificate)
  }

  /** A fresh key and its leaf: X509-SVID §2 wants exactly one URI, §4 no CA rights. Good for both ends of a handshake. */
  async issue(request: SvidRequest): Promise<Svid> {
    requireId(request.spiffeId, this.trustDomain)
    const keys = await crypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: newSerial(), subject: `CN=${request.dnsNames[0] ?? 'workload'}`, issuer: this.#certificate.subject,
      notBefore: request.notBefore, notAfter: request.notAfter,
      signingAlgorithm: ECDSA_P256, publicKey: keys.publicKey, signingKey: this.#keys.privateKey,
      extensions: await this.#leafExtensions(request, keys.publicKey),
    })
    return {
      spiffeId: request.spiffeId,
      certificatePem: certificate.toString('pem') + '\n',
      privateKeyPem: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
    }
  }

  async #leafExtensions(request: SvidRequest, publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> {
    const names = request.dnsNames.map((value) => ({ type: 'dns' as const, value }))
    return [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: request.spiffeId }, ...names]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
    ]
  }
}

function requireId(spiffeId: string, trustDomain: string): void {
  const id = parseSpiffeId(spiffeId)
  if (id?.trustDomain === trustDomain) return
  throw new MtlscopeError('usage', id === undefined ? `not a SPIFFE ID: ${spiffeId}` : `${spiffeId} is not in trust domain ${trustDomain}`)
}

function newSerial(): string {
  const bytes = crypto.getRandomValues(Buffer.alloc(SERIAL_BYTES))
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

function pem(label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
