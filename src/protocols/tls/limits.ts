/** Bounds of what one connection may cost; docs/protocols/tls.md says what happens at each. */

/** A longer handshake message is skipped and noted. Real ones with post-quantum chains stay below 64 KiB. */
export const MAX_HANDSHAKE_MESSAGE_BYTES = 128 * 1024
/** Numbers kept of a list in a hello (suites, groups, schemes, extensions …). */
export const MAX_LIST = 512
/** Names kept of an ALPN list. */
export const MAX_ALPN = 64
export const MAX_CERTIFICATES = 16
export const MAX_CERTIFICATE_BYTES = 64 * 1024
/** Subject alternative names listed of one certificate. */
export const MAX_ALTERNATIVE_NAMES = 128
/** Distinguished names listed of a CertificateRequest; all are counted. */
export const MAX_AUTHORITIES = 64
/** Attributes shown of one distinguished name. */
export const MAX_NAME_ATTRIBUTES = 32
/** Alerts kept a side before the handshake is over. */
export const MAX_ALERTS = 8
/** Different notes kept of one handshake. */
export const MAX_NOTES = 16
/** Encrypted records of a side whose sizes are kept until the handshake is known to be over. */
export const MAX_FLIGHT_RECORDS = 16
/** A hello in the format of SSL 2.0 (RFC 6101 appendix E). */
export const MAX_SSL2_HELLO_BYTES = 4 * 1024
/**
 * Bytes in which a record boundary must be found after a loss or a late join. Three records of the greatest length end
 * within 49,935 bytes of anywhere, so in TLS it is found.
 */
export const MAX_SEARCH_BYTES = 64 * 1024
