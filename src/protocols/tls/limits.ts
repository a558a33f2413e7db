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

/** Handshake messages that are kept of one connection so that its signatures can be checked. */
export const MAX_TRANSCRIPT_BYTES = 256 * 1024

/** A line of a key log: the longest label, random and secret come to less than 300 bytes. */
export const MAX_KEY_LOG_LINE_BYTES = 1024
/** Lines of a key log that are told by their number; all are counted. */
export const MAX_KEY_LOG_FAULTS = 16
/** Connections whose secrets are kept, those of the oldest lines go first. At about 600 bytes each. */
export const MAX_KNOWN_CONNECTIONS = 100_000
/** Sessions whose master secret is remembered for those that resume them. */
export const MAX_KNOWN_SESSIONS = 20_000
/** What one connection keeps back while its secrets are not known: records, and capture time. Envoy writes its key log every 10 s. */
export const MAX_WAITING_BYTES = 256 * 1024
export const MAX_WAITING_MICROS = 12 * 1e6
/** What all connections that share a key log keep back together, and how many they may be: the one that waits longest gives up. */
export const MAX_ALL_WAITING_BYTES = 32 * 1024 * 1024
export const MAX_WAITERS = 4096
/** After a loss the number of the next record is not known: so many are tried. */
export const MAX_TRIED_NUMBERS = 256
/** Records in a row that do not decrypt until a side is given up. */
export const MAX_FAILED_RECORDS = 8
/** What a compressed certificate message may unpack to (RFC 8879). */
export const MAX_UNPACKED_BYTES = MAX_HANDSHAKE_MESSAGE_BYTES
/** Records and losses that one connection keeps back, however small. */
export const MAX_WAITING_RECORDS = 1024
