import type { SocketAddress } from './socket-address.ts'
import { addressBytes } from './socket-address.ts'

/** What a PROXY protocol header tells of the TLS side. */
export interface ProxyTls {
  /** `TLSv1.3` */
  readonly version: string
  readonly cipher: string
  /** A certificate was shown, and it was verified. */
  readonly clientVerified: boolean
  /** Empty: none. */
  readonly commonName: string
  readonly spiffeId: string
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
const VERSION_2_PROXY = 0x21
const PP2_TYPE_SSL = 0x20
const PP2_SUBTYPE_SSL_VERSION = 0x21
const PP2_SUBTYPE_SSL_CN = 0x22
const PP2_SUBTYPE_SSL_CIPHER = 0x23
const PP2_CLIENT_SSL = 1
const PP2_CLIENT_CERT_CONN = 2
const PP2_CLIENT_CERT_SESS = 4
/** Of the range for an application's own use (0xe0 to 0xef): the client's SPIFFE id, ASCII, no terminator. */
export const PP2_TYPE_SPIFFE_ID = 0xe5

/**
 * PROXY protocol 2 (haproxy.org, proxy-protocol.txt §2.2) for a TCP connection. `tls` undefined: the client came in the clear.
 * Addresses of two families are written as IPv6, the other one IPv4-mapped.
 */
export function proxyHeader(source: SocketAddress, destination: SocketAddress, tls: ProxyTls | undefined): Uint8Array {
  const body = [...addresses(source, destination), ...(tls === undefined ? [] : tlsValues(tls))]
  const family = source.version === 4 && destination.version === 4 ? 0x11 : 0x21
  return Uint8Array.from([...SIGNATURE, VERSION_2_PROXY, family, body.length >> 8, body.length & 255, ...body])
}

function addresses(source: SocketAddress, destination: SocketAddress): number[] {
  const ports = [source.port >> 8, source.port & 255, destination.port >> 8, destination.port & 255]
  if (source.version === 4 && destination.version === 4) return [...addressBytes(source), ...addressBytes(destination), ...ports]
  return [...mapped(source), ...mapped(destination), ...ports]
}

function mapped(address: SocketAddress): number[] {
  const bytes = addressBytes(address)
  return address.version === 6 ? bytes : [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes]
}

function tlsValues(tls: ProxyTls): number[] {
  const client = PP2_CLIENT_SSL | (tls.clientVerified ? PP2_CLIENT_CERT_CONN | PP2_CLIENT_CERT_SESS : 0)
  // verify: 0 says that the certificate was shown and holds.
  const verify = [0, 0, 0, tls.clientVerified ? 0 : 1]
  const inner = [client, ...verify, ...value(PP2_SUBTYPE_SSL_VERSION, tls.version), ...value(PP2_SUBTYPE_SSL_CIPHER, tls.cipher)]
  if (tls.commonName !== '') inner.push(...value(PP2_SUBTYPE_SSL_CN, tls.commonName))
  const outer = [PP2_TYPE_SSL, inner.length >> 8, inner.length & 255, ...inner]
  return tls.spiffeId === '' ? outer : [...outer, ...value(PP2_TYPE_SPIFFE_ID, tls.spiffeId)]
}

function value(type: number, text: string): number[] {
  const bytes = Buffer.from(text, 'utf8')
  return [type, bytes.length >> 8, bytes.length & 255, ...bytes]
}
