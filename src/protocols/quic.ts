/** Form and fixed bit of a long header (RFC 9000 §17.2). */
const LONG_HEADER = 0xc0
const MAX_ID_BYTES = 20
/** Each datagram with an Initial packet of a client has at least as many bytes (RFC 9000 §14.1). */
const MIN_INITIAL_BYTES = 1200

const VERSION_1 = 1
/** RFC 9369 §3. */
const VERSION_2 = 0x6b3343cf
const DRAFTS = 0xff0000
const GOOGLE = 0x51

/**
 * Version of QUIC of a datagram that begins with a long header, -1 where that is not certain: a version that is known, connection ids that fit,
 * and the size that a first datagram must have.
 */
export function quicVersion(buf: Uint8Array, offset: number, length: number, missing: number): number {
  if (length < 7 || length + missing < MIN_INITIAL_BYTES || (buf[offset]! & LONG_HEADER) !== LONG_HEADER) return -1
  const version = (buf[offset + 1]! << 24 | buf[offset + 2]! << 16 | buf[offset + 3]! << 8 | buf[offset + 4]!) >>> 0
  if (!isKnown(version)) return -1
  const idBytes = buf[offset + 5]!
  if (idBytes > MAX_ID_BYTES || 6 + idBytes >= length) return -1
  const sourceIdBytes = buf[offset + 6 + idBytes]!
  return sourceIdBytes > MAX_ID_BYTES || 7 + idBytes + sourceIdBytes > length ? -1 : version
}

/** Google's own were `Q` and three digits. */
function isKnown(version: number): boolean {
  return version === VERSION_1 || version === VERSION_2 || version >>> 8 === DRAFTS || (version >>> 24 === GOOGLE && (version >>> 16 & 0xff) === 0x30)
}

/** `version 1`, `draft 29`, `Q046`. */
export function quicVersionText(version: number): string {
  if (version === VERSION_2) return 'version 2'
  if (version >>> 8 === DRAFTS) return `draft ${version & 0xff}`
  if (version >>> 24 !== GOOGLE) return `version ${version}`
  return String.fromCharCode(version >>> 24, version >>> 16 & 0xff, version >>> 8 & 0xff, version & 0xff).replace(/[^\x20-\x7e]/g, '?')
}
