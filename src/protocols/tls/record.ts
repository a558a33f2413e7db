/** Content types (RFC 8446 §5.1, RFC 6520). */
export const CHANGE_CIPHER_SPEC = 20
export const ALERT = 21
export const HANDSHAKE = 22
export const APPLICATION_DATA = 23
export const HEARTBEAT = 24
/** Not of the standard: a hello of SSL 2.0 that is handed on as if it were the payload of a record. */
export const SSL2_CLIENT_HELLO = 128

/** level, description: encryption makes any alert longer than this. */
export const CLEAR_ALERT_BYTES = 2

/** type (1), version (2), length of what follows (2). */
export const HEADER_BYTES = 5
/** Greatest length of TLS 1.3 (RFC 8446 §5.2), and of what TLS 1.2 sends without compression. */
const MAX_USUAL_LENGTH = 16384 + 256
/** Greatest length of TLS 1.2 and before (RFC 5246 §6.2.3). */
export const MAX_LENGTH = 16384 + 2048

/** Whether the five bytes of a header can be one of a stream that is read in step. */
export function isHeader(type: number, version: number, length: number): boolean {
  return type >= CHANGE_CIPHER_SPEC && type <= HEARTBEAT && version >= 0x0300 && version <= 0x0304 && length <= MAX_LENGTH
}

/** The stricter form, for guessing whether bytes of unknown place are a header. */
export function isLikelyHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || bytes[at + 1] !== 3 || bytes[at + 2]! > 4) return false
  const length = bytes[at + 3]! << 8 | bytes[at + 4]!
  if (length > MAX_USUAL_LENGTH) return false
  if (type === CHANGE_CIPHER_SPEC) return length === 1
  return type === APPLICATION_DATA || length >= 2
}
