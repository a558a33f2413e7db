import type { X509Certificate } from 'node:crypto'

/** From when on a certificate is valid, RFC 5280 §4.1.2.5, in milliseconds since the epoch. `validFromDate` came with Node 22.10. */
export function notBeforeMs(certificate: X509Certificate): number {
  return Date.parse(certificate.validFrom)
}

/** Until when a certificate is valid, in milliseconds since the epoch. */
export function notAfterMs(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo)
}
