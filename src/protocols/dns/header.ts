/** Size of the fixed part (RFC 1035 §4.1.1). */
export const HEADER_BYTES = 12

// Bits of the second word (RFC 1035 §4.1.1, RFC 4035 §3).
export const QR = 0x8000
export const AA = 0x0400
export const TC = 0x0200
export const RD = 0x0100
export const RA = 0x0080
/** Reserved, and zero. */
export const Z = 0x0040
export const AD = 0x0020
export const CD = 0x0010

export const OPCODE_QUERY = 0
export const OPCODE_NOTIFY = 4
export const OPCODE_UPDATE = 5

export const TYPE_SOA = 6
export const TYPE_OPT = 41
export const TYPE_IXFR = 251
export const TYPE_AXFR = 252

export function opcodeOf(flags: number): number {
  return flags >> 11 & 15
}

export function rcodeOf(flags: number): number {
  return flags & 15
}

export function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!
}

/** Unsigned. */
export function doubleWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0
}
