import { isUtf8 } from 'node:buffer'
import type { Buffer } from 'node:buffer'
import { REDACTED } from '../redaction.ts'
import type { Redactor } from '../redaction.ts'

/** A secret of the protocol under its name; where it is a SASL message that names a user, that too. */
export function saslView(name: string, bytes: Buffer, redactor: Redactor): Record<string, unknown> {
  const user = name === 'authBytes' ? userOf(bytes) : undefined
  if (bytes.length === 0) return { [name]: '' }
  if (redactor.credentials) return { [name]: REDACTED, user }
  return isUtf8(bytes) && (!bytes.includes(0) || user !== undefined)
    ? { [name]: bytes.toString('utf8'), user }
    : { [`${name}Base64`]: bytes.toString('base64'), user }
}

/** RFC 4616 §2 (PLAIN: authzid NUL authcid NUL password), RFC 5802 §7 (SCRAM: `n,,n=user,r=…`). */
function userOf(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  const plain = text.split('\0')
  if (plain.length === 3) return plain[1]
  return /^[nyp][^,]*,[^,]*,n=([^,]+),r=/.exec(text)?.[1]
}
