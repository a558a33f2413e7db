/** Enough of a connection to tell TLS from anything else: a record header and the type of the first handshake message. */
export const FIRST_BYTES = 6
const HANDSHAKE = 0x16
const CLIENT_HELLO = 1

/**
 * Whether a connection starts with a TLS ClientHello: RFC 8446 §5.1, a record of type 22, version 3.x, and message type 1.
 * 'more' while the bytes so far could still become one.
 */
export function parseFirstBytes(bytes: Uint8Array): 'tls' | 'plaintext' | 'more' {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE) return 'plaintext'
  if (bytes.length > 1 && bytes[1] !== 3) return 'plaintext'
  if (bytes.length > 2 && bytes[2]! > 4) return 'plaintext'
  if (bytes.length < FIRST_BYTES) return 'more'
  return bytes[5] === CLIENT_HELLO ? 'tls' : 'plaintext'
}
