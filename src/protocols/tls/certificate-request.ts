import { Cursor, u16List, u8List } from './cursor.ts'
import { hexText } from './code-points.ts'
import { nameText } from './distinguished-name.ts'
import * as ext from './extensions.ts'
import { MAX_AUTHORITIES, MAX_LIST } from './limits.ts'
import { TLS_1_2 } from './versions.ts'

/** IANA registry "TLS ClientCertificateType Identifiers". */
const TYPES: Readonly<Record<number, string>> = {
  1: 'rsa_sign', 2: 'dss_sign', 3: 'rsa_fixed_dh', 4: 'dss_fixed_dh', 5: 'rsa_ephemeral_dh', 6: 'dss_ephemeral_dh', 20: 'fortezza_dms',
  64: 'ecdsa_sign', 65: 'rsa_fixed_ecdh', 66: 'ecdsa_fixed_ecdh', 67: 'gost_sign256', 68: 'gost_sign512',
}

const MALFORMED = 'certificate request ends inside its lists'

export const certificateTypeName = (type: number): string => TYPES[type] ?? hexText(type, 2)

/** A server asks for a client certificate: RFC 5246 §7.4.4, RFC 8446 §4.3.2. In TLS 1.3 this is encrypted. */
export interface CertificateRequest {
  /** Undefined since TLS 1.3, which has none. */
  types: number[] | undefined
  /** Since TLS 1.2. */
  signatureSchemes: number[] | undefined
  /** Names of the authorities that the server accepts, the first of them as text; none means any. */
  authorities: string[]
  authoritiesCount: number
  malformed: string | undefined
}

export function parseCertificateRequest(version: number, bytes: Uint8Array, at: number, end: number): CertificateRequest {
  const c = new Cursor(bytes, at, end)
  const types = u8List(c.part(c.u8()), MAX_LIST)
  const signatureSchemes = version >= TLS_1_2 ? u16List(c.part(c.u16()), MAX_LIST) : undefined
  const request: CertificateRequest = { types, signatureSchemes, authorities: [], authoritiesCount: 0, malformed: undefined }
  if (!takeAuthorities(request, c)) request.malformed = MALFORMED
  return request
}

/** That of TLS 1.3: a context and extensions. */
export function parseCertificateRequest13(bytes: Uint8Array, at: number, end: number): CertificateRequest {
  const c = new Cursor(bytes, at, end)
  c.skip(c.u8())
  const request: CertificateRequest = { types: undefined, signatureSchemes: undefined, authorities: [], authoritiesCount: 0, malformed: undefined }
  const all = c.part(c.u16())
  while (all.left > 0) {
    const type = all.u16()
    const body = all.part(all.u16())
    if (!all.ok) break
    if (type === ext.SIGNATURE_ALGORITHMS) request.signatureSchemes = u16List(body.part(body.u16()), MAX_LIST)
    else if (type === ext.CERTIFICATE_AUTHORITIES && !takeAuthorities(request, body)) request.malformed = MALFORMED
  }
  if (!c.ok || !all.ok) request.malformed = MALFORMED
  return request
}

/** False where the list breaks its format. */
function takeAuthorities(request: CertificateRequest, c: Cursor): boolean {
  const names = c.part(c.u16())
  while (names.left > 0) {
    const name = names.part(names.u16())
    if (!names.ok) break
    if (request.authorities.length < MAX_AUTHORITIES) request.authorities.push(nameText(name.bytes, name.at, name.end) ?? '?')
    request.authoritiesCount++
  }
  return c.ok && names.ok
}
