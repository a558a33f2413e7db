import { Buffer, isUtf8 } from 'node:buffer'
import { REDACTED } from '../redaction.ts'
import type { Redactor } from '../redaction.ts'

/** A SASL message or another secret under its name; the user beside it, where the message is of PLAIN or AMQPLAIN. */
export function credentialView(name: string, bytes: Buffer, redactor: Redactor): Record<string, unknown> {
  const user = name === 'response' ? userOf(bytes) : undefined
  if (redactor.credentials) return { [name]: bytes.length === 0 ? '' : REDACTED, user }
  return isUtf8(bytes) ? { [name]: bytes.toString('utf8'), user } : { [`${name}Base64`]: bytes.toString('base64'), user }
}

const LOGIN = Buffer.from('\x05LOGINS', 'latin1')

/** RFC 4616 §2 (authzid NUL authcid NUL password); AMQPLAIN is a table without its size, with LOGIN and PASSWORD. */
function userOf(bytes: Buffer): string | undefined {
  const plain = bytes.toString('utf8').split('\0')
  if (plain.length === 3 && !plain[2]!.includes('\x05LOGIN')) return plain[1]
  const at = bytes.indexOf(LOGIN)
  if (at < 0 || at + LOGIN.length + 4 > bytes.length) return undefined
  const from = at + LOGIN.length + 4
  return bytes.toString('utf8', from, Math.min(bytes.length, from + bytes.readUInt32BE(from - 4)))
}
