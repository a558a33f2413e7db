import { keyExchangeOf } from './cipher-suites.ts'
import { Cursor } from './cursor.ts'
import { TLS_1_2 } from './versions.ts'

const NAMED_CURVE = 3

/** Ephemeral parameters of TLS 1.2 and before, as far as they are facts and not keys. */
export interface ServerKeyExchange {
  /** Named curve of ECDHE (RFC 8422 §5.4). */
  group?: number
  /** Size of the prime of DHE in bits. */
  primeBits?: number
  /** What signed them; since TLS 1.2. */
  signatureScheme?: number
  /** The parameters lie in so many bytes at the start of the body; behind them is the signature. */
  paramsBytes?: number
}

/** Undefined where the suite has none or the body breaks its format (RFC 5246 §7.4.3, RFC 4279, RFC 8422 §5.4). */
export function parseServerKeyExchange(suite: number, version: number, bytes: Uint8Array, at: number, end: number): ServerKeyExchange | undefined {
  const kind = keyExchangeOf(suite)
  if (kind === undefined) return undefined
  const c = new Cursor(bytes, at, end)
  if (kind.includes('PSK')) c.skip(c.u16())
  const facts: ServerKeyExchange = {}
  if (kind.startsWith('ECDH')) {
    if (c.u8() !== NAMED_CURVE) return undefined
    facts.group = c.u16()
    c.skip(c.u8())
  } else if (kind.startsWith('DH')) {
    facts.primeBits = bitLength(c.part(c.u16()))
    c.skip(c.u16())
    c.skip(c.u16())
  } else return undefined
  const signed = !kind.includes('anon') && !kind.includes('PSK')
  if (signed) facts.paramsBytes = c.at - at
  if (signed && version >= TLS_1_2) facts.signatureScheme = c.u16()
  return c.ok ? facts : undefined
}

function bitLength(number: Cursor): number {
  while (number.left > 0 && number.bytes[number.at] === 0) number.at++
  return number.left === 0 ? 0 : number.left * 8 - Math.clz32(number.bytes[number.at]!) + 24
}
