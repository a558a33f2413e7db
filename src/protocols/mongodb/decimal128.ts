import type { Buffer } from 'node:buffer'

const EXPONENT_BIAS = 6176
const MAX_COEFFICIENT = 10n ** 34n - 1n

/** A decimal of 16 bytes (IEEE 754-2008, binary integer significand, little endian) as text, in the form of the BSON specification. */
export function decimalText(buf: Buffer, at: number): string {
  const low = buf.readBigUInt64LE(at)
  const high = buf.readBigUInt64LE(at + 8)
  const sign = high >> 63n === 1n ? '-' : ''
  const combination = Number(high >> 58n & 0x1fn)
  if (combination === 0x1f) return 'NaN'
  if (combination === 0x1e) return `${sign}Infinity`
  // The second form of the coefficient is always too large, which stands for zero.
  const isLarge = combination >> 3 === 3
  const exponent = Number(high >> (isLarge ? 47n : 49n) & 0x3fffn) - EXPONENT_BIAS
  const coefficient = isLarge ? 0n : (high & 0x1ffffffffffffn) << 64n | low
  return sign + numberText((coefficient > MAX_COEFFICIENT ? 0n : coefficient).toString(), exponent)
}

function numberText(digits: string, exponent: number): string {
  const scientific = digits.length - 1 + exponent
  if (exponent > 0 || scientific < -6) {
    const mantissa = digits.length > 1 ? `${digits[0]!}.${digits.slice(1)}` : digits
    return `${mantissa}E${scientific < 0 ? '' : '+'}${scientific}`
  }
  if (exponent === 0) return digits
  const padded = digits.padStart(1 - exponent, '0')
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}
