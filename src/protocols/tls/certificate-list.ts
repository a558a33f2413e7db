import { Cursor } from './cursor.ts'
import { MAX_CERTIFICATES, MAX_CERTIFICATE_BYTES } from './limits.ts'

/** A Certificate message of TLS 1.2 and before (RFC 5246 §7.4.2), leaf first. */
export class CertificateList {
  /** Owned copies of the DER bytes. */
  readonly ders: Uint8Array[] = []
  /** All certificates in the message, also those that were not kept. */
  chainLength = 0
  malformed: string | undefined
  /** Some were too many or too long to be kept. */
  cut = false
}

export function parseCertificateList(bytes: Uint8Array, at: number, end: number): CertificateList {
  const result = new CertificateList()
  const c = new Cursor(bytes, at, end)
  parseEntries(result, c, false)
  return result
}

/** That of TLS 1.3 (RFC 8446 §4.4.2): a request context in front, extensions behind each certificate. */
export function parseCertificateList13(bytes: Uint8Array, at: number, end: number): CertificateList {
  const result = new CertificateList()
  const c = new Cursor(bytes, at, end)
  c.skip(c.u8())
  parseEntries(result, c, true)
  return result
}

function parseEntries(result: CertificateList, c: Cursor, extended: boolean): void {
  const list = c.part(c.u24())
  while (list.left > 0) {
    const length = list.u24()
    if (length > list.left) list.ok = false
    if (!list.ok) break
    result.chainLength++
    if (result.ders.length < MAX_CERTIFICATES && length <= MAX_CERTIFICATE_BYTES) result.ders.push(list.copy(length))
    else {
      result.cut = true
      list.skip(length)
    }
    if (extended) list.skip(list.u16())
  }
  if (!c.ok || !list.ok) result.malformed = 'certificate message ends inside its list'
}
