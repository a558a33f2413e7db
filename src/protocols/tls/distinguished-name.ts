import { Cursor } from './cursor.ts'
import { OBJECT_IDENTIFIER, SEQUENCE, SET, derText, oidText, readDer, readDerOf } from './der.ts'
import { MAX_NAME_ATTRIBUTES } from './limits.ts'

/** Short names of attribute types (RFC 4514 §3, RFC 4519). */
const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN', '2.5.4.4': 'SN', '2.5.4.5': 'serialNumber', '2.5.4.6': 'C', '2.5.4.7': 'L', '2.5.4.8': 'ST', '2.5.4.9': 'street',
  '2.5.4.10': 'O', '2.5.4.11': 'OU', '2.5.4.12': 'title', '2.5.4.42': 'GN', '2.5.4.46': 'dnQualifier',
  '2.5.4.97': 'organizationIdentifier', '0.9.2342.19200300.100.1.1': 'UID', '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

/**
 * A DER-encoded Name as `C=SE, O=Acme, CN=root`: in the order of the certificate, not reversed as RFC 4514 has it.
 * `,`, `+`, `"`, `\`, `<`, `>`, `;` within values are escaped with a backslash. Undefined where it is no Name.
 */
export function nameText(bytes: Uint8Array, at: number, end: number): string | undefined {
  const name = readDerOf(new Cursor(bytes, at, end), SEQUENCE)
  if (name === undefined) return undefined
  const parts: string[] = []
  while (name.left > 0) {
    const set = readDerOf(name, SET)
    const part = set === undefined ? undefined : relativeName(set)
    if (part === undefined) return undefined
    if (parts.length === MAX_NAME_ATTRIBUTES) return [...parts, '…'].join(', ')
    parts.push(part)
  }
  return parts.join(', ')
}

/** Attributes of one level; more than one is rare and joined by `+`. */
function relativeName(set: Cursor): string | undefined {
  const parts: string[] = []
  while (set.left > 0 && parts.length < MAX_NAME_ATTRIBUTES) {
    const attribute = readDerOf(set, SEQUENCE)
    const type = attribute === undefined ? undefined : readDerOf(attribute, OBJECT_IDENTIFIER)
    const value = attribute === undefined || type === undefined ? undefined : readDer(attribute)
    if (type === undefined || value === undefined) return undefined
    const oid = oidText(type)
    parts.push(`${SHORT[oid] ?? oid}=${derText(value).replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)}`)
  }
  return parts.join('+')
}
