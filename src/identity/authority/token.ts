import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { LeafNames } from '../certificate-names.ts'

/** What the token file keeps of a token: who it stands for and what proves it, never the token. */
export interface TokenRecord extends LeafNames {
  /** The part of the token that may be told. */
  readonly id: string
  /** SHA-256 of the whole token, hexadecimal. A slow hash would gain nothing: there are 256 random bits in it. */
  readonly sha256: string
  readonly createdAtMillis: number
  readonly expiresAtMillis?: number
}

const TOKEN = /^mtlsca_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/
const ABSENT = Buffer.alloc(32)

/** `mtlsca_`, 8 hexadecimal digits that name it, and 256 random bits: easy to find for scanners of leaked secrets. */
export function createToken(): { token: string, id: string, sha256: string } {
  const id = randomBytes(4).toString('hex')
  const token = `mtlsca_${id}_${randomBytes(32).toString('base64url')}`
  return { token, id, sha256: hashOf(token).toString('hex') }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** The record that this token is the secret of. Takes as long for a known id as for an unknown one. */
export function findToken(records: ReadonlyMap<string, TokenRecord>, token: string): TokenRecord | undefined {
  const record = records.get(TOKEN.exec(token)?.[1] ?? '')
  const expected = record === undefined ? ABSENT : Buffer.from(record.sha256, 'hex')
  const equal = timingSafeEqual(hashOf(token), expected)
  return equal ? record : undefined
}
