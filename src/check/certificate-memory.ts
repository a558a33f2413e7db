import { X509Certificate, createHash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { BoundedMap } from '../base/bounded-map.ts'
import type { CertificateFacts } from '../protocols/tls/certificate.ts'
import { describeCertificate } from '../protocols/tls/certificate.ts'

const MAX_CERTIFICATES = 2000
/** A longer one is read each time: what is remembered must not grow with what peers send. */
const MAX_REMEMBERED_BYTES = 8 * 1024

/** Facts of certificates, read once each: the same few are shown again and again, and reading one takes a tenth of a millisecond. */
export class CertificateMemory {
  readonly #facts = new BoundedMap<string, CertificateFacts>(MAX_CERTIFICATES)
  readonly #keys = new BoundedMap<string, KeyObject>(MAX_CERTIFICATES)

  /** Throws what OpenSSL throws where it cannot read the certificate or its key. */
  readonly keyOf = (der: Uint8Array): KeyObject => {
    const digest = digestOf(der)
    let key = this.#keys.get(digest)
    if (key !== undefined) return key
    key = new X509Certificate(der).publicKey
    if (der.length <= MAX_REMEMBERED_BYTES) this.#keys.set(digest, key)
    return key
  }

  describe(der: Uint8Array): CertificateFacts {
    const key = digestOf(der)
    let facts = this.#facts.get(key)
    if (facts !== undefined) return facts
    facts = describeCertificate(der)
    if (der.length <= MAX_REMEMBERED_BYTES) this.#facts.set(key, facts)
    return facts
  }
}

function digestOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64')
}
