const BASE32_HEX = '0123456789abcdefghijklmnopqrstuv'

/** RFC 4648 §7 in lower case and without padding, as hashed owner names are written (RFC 5155 §3.3). */
export function base32Hex(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = value << 8 | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32_HEX[value >> bits & 31]
    }
    value &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + BASE32_HEX[value << 5 - bits & 31]
}

/** `a0-b1-c2`, as in EUI48 and EUI64 (RFC 7043 §3.2). */
export function dashed(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?!$)/g, '$&-')
}

/** `0014:4fff:ff20:ee64`: four groups of 16 bits (RFC 6742 §2.1.2). */
export function groups(bytes: Buffer): string {
  return bytes.toString('hex').replace(/....(?!$)/g, '$&:')
}

/** `20261121124500`, UTC, of seconds since 1970 in 32 bits (RFC 4034 §3.2). */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14)
}
