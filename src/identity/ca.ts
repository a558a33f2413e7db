import type { webcrypto } from 'node:crypto'
import { MtlscopeError } from '../base/errors.ts'
import { certificatePem, ECDSA_P256, exportKeyPem, generateKeys, leafExtensions, newSerial } from './certificate-profile.ts'
import { parseSpiffeId } from './spiffe.ts'
import type * as X509 from '@peculiar/x509'
import { x509 } from './x509.ts'

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

/** A root that signs X509-SVIDs of one trust domain with ECDSA P-256. Its private key stays in memory and cannot be exported. */
export class CertificateAuthority {
  readonly trustDomain: string
  readonly certificatePem: string
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #certificate: X509.X509Certificate

  private constructor(trustDomain: string, keys: webcrypto.CryptoKeyPair, certificate: X509.X509Certificate) {
    this.trustDomain = trustDomain
    this.#keys = keys
    this.#certificate = certificate
    this.certificatePem = certificatePem(certificate)
  }

  static async create(trustDomain: string, validity: Validity): Promise<CertificateAuthority> {
    requireId(`spiffe://${trustDomain}`, trustDomain)
    const keys = await generateKeys(false)
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
    const keys = await generateKeys(true)
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: newSerial(), subject: `CN=${request.dnsNames[0] ?? 'workload'}`, issuer: this.#certificate.subject,
      notBefore: request.notBefore, notAfter: request.notAfter,
      signingAlgorithm: ECDSA_P256, publicKey: keys.publicKey, signingKey: this.#keys.privateKey,
      extensions: await leafExtensions({ ...request, ipAddresses: [] }, keys.publicKey, this.#certificate, false),
    })
    return {
      spiffeId: request.spiffeId,
      certificatePem: certificatePem(certificate),
      privateKeyPem: await exportKeyPem(keys.privateKey),
    }
  }
}

function requireId(spiffeId: string, trustDomain: string): void {
  const id = parseSpiffeId(spiffeId)
  if (id?.trustDomain === trustDomain) return
  throw new MtlscopeError('usage', id === undefined ? `not a SPIFFE ID: ${spiffeId}` : `${spiffeId} is not in trust domain ${trustDomain}`)
}
