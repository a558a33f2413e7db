/**
 * Regular expressions (ECMA-262, as JSON Schema has them) of what a configuration writes as text. The schema and the reader
 * share them, so that both accept the same. What an IPv6 address is exactly, only the reader knows.
 */
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = `(?:${OCTET}\\.){3}${OCTET}`
const IPV6 = '[0-9a-fA-F:]*:[0-9a-fA-F:.]*'
const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
/** Digits and dots alone would be an address with a slip in it. */
const NAME = `(?![\\d.]+(?::|$))${LABEL}(?:\\.${LABEL})*\\.?`

export const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])'
export const PORT_KEY = `^${PORT}$`
/** Address and port to listen on. */
export const LISTEN = `^(?:${IPV4}|\\[${IPV6}\\]):${PORT}$`
/** The same on loopback. */
export const LOOPBACK_LISTEN = `^(?:127\\.(?:${OCTET}\\.){2}${OCTET}|\\[::1\\]):${PORT}$`
/** Address or name and port to connect to. A name has at most 253 characters and a dot (RFC 1035 §2.3.4). */
export const TARGET = `^(?![^:\\[]{255})(?:${IPV4}|\\[${IPV6}\\]|${NAME}):${PORT}$`
/** `10.0.0.0/8:5000-6000`, `[fd00::/8]:443`, `fd00::/8`, `*:53`. */
export const DESTINATION = `^(?:(?:\\*|${IPV4}(?:/(?:3[0-2]|[12]?\\d))?|\\[${IPV6}(?:/\\d{1,3})?\\])(?::${PORT}(?:-${PORT})?)?|${IPV6}(?:/\\d{1,3})?)$`
/** A prefix names the whole trust domain: `spiffe://cluster*` would let in `spiffe://cluster.evil`. */
export const IDENTITY = `^(?:spiffe://[a-z0-9._-]+(?:/[A-Za-z0-9._/-]*\\*?)?|${NAME}\\*?)$`
export const SPIFFE_ID = '^spiffe://[a-z0-9._-]+(?:/[A-Za-z0-9._-]+)*$'
export const DURATION = '^\\d{1,9}(?:\\.\\d{1,3})?(?:ms|s|m|h)$'
export const SIZE = '^[1-9]\\d{0,5}[KM]$'
export const ABSOLUTE_PATH = '^(?:unix://)?/.+$'
