import { allocateAt, latin1At } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import type { PeerNames } from './identity-match.ts'

/** No certificate of ours has more; a foreign one that has is read up to here. */
const MAX_NAMES = 64
const MAX_NAME_BYTES = 2048
const COMMON_NAME_BYTES = 65

const type = new Int32Array(1)
const difference = new Int32Array(2)
const commonName = allocateAt(COMMON_NAME_BYTES)

/** The names in the certificate that the peer proved to have; undefined where it showed none. */
export function readPeerNames(connection: number): PeerNames | undefined {
  const certificate = ssl.SSL_get0_peer_certificate(connection)
  return certificate === 0 ? undefined : readNames(certificate)
}

/** The names in a certificate. */
export function readNames(certificate: number): PeerNames {
  const names = ssl.X509_get_ext_d2i(certificate, ssl.NID_SUBJECT_ALT_NAME)
  if (names === 0) {
    ssl.ERR_clear_error()
    return { uris: [], dnsNames: [] }
  }
  const found = { uris: [] as string[], dnsNames: [] as string[] }
  const count = Math.min(ssl.OPENSSL_sk_num(names), MAX_NAMES)
  for (let i = 0; i < count; i++) readName(ssl.OPENSSL_sk_value(names, i), found)
  ssl.GENERAL_NAMES_free(names)
  return found
}

function readName(name: number, found: { uris: string[], dnsNames: string[] }): void {
  const string = ssl.GENERAL_NAME_get0_value(name, type)
  const list = type[0] === ssl.GEN_URI ? found.uris : type[0] === ssl.GEN_DNS ? found.dnsNames : undefined
  if (list === undefined) return
  const sizeBytes = ssl.ASN1_STRING_length(string)
  if (sizeBytes <= MAX_NAME_BYTES) list.push(latin1At(ssl.ASN1_STRING_get0_data(string), sizeBytes))
}

/** A resumed connection goes back to a handshake when the certificate still held. */
export function isPeerCertificateExpired(connection: number): boolean {
  const certificate = ssl.SSL_get0_peer_certificate(connection)
  // -1 is before now; 0 an error.
  return certificate !== 0 && ssl.X509_cmp_current_time(ssl.X509_get0_notAfter(certificate)) !== 1
}

/** When the peer's certificate expires, in milliseconds since 1970; Infinity where it showed none. */
export function peerCertificateEnd(connection: number): number {
  const certificate = ssl.SSL_get0_peer_certificate(connection)
  if (certificate === 0 || ssl.ASN1_TIME_diff(difference, ssl.X509_get0_notAfter(certificate)) !== 1) return certificate === 0 ? Infinity : 0
  return Date.now() + (difference[0] * 86_400 + difference[1]) * 1000
}

/** Empty where the subject has none. */
export function readCommonName(connection: number): string {
  const certificate = ssl.SSL_get0_peer_certificate(connection)
  if (certificate === 0) return ''
  const sizeBytes = ssl.X509_NAME_get_text_by_NID(ssl.X509_get_subject_name(certificate), ssl.NID_COMMON_NAME, commonName, COMMON_NAME_BYTES)
  return sizeBytes > 0 ? latin1At(commonName, sizeBytes) : ''
}
