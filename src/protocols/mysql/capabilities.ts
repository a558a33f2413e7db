/** Capability flags of client and server (§ page_protocol_basic_capabilities_flags). */
export const MYSQL = 1 << 0
export const CONNECT_WITH_DB = 1 << 3
export const COMPRESS = 1 << 5
export const PROTOCOL_41 = 1 << 9
export const SSL = 1 << 11
export const SECURE_CONNECTION = 1 << 15
export const PLUGIN_AUTH = 1 << 19
export const CONNECT_ATTRIBUTES = 1 << 20
export const PLUGIN_AUTH_LENENC = 1 << 21
export const SESSION_TRACK = 1 << 23
export const DEPRECATE_EOF = 1 << 24
export const OPTIONAL_METADATA = 1 << 25
export const ZSTD = 1 << 26
export const QUERY_ATTRIBUTES = 1 << 27

/** Flags of MariaDB only, sent in bytes that MySQL reserves. */
export const MARIADB_CACHE_METADATA = 1 << 4

/** Status flags of OK and EOF packets. */
export const MORE_RESULTS = 0x0008
export const CURSOR_EXISTS = 0x0040

const STATUS: readonly (readonly [bit: number, name: string])[] = [
  [0x0001, 'in-transaction'], [0x0002, 'autocommit'], [0x0008, 'more-results'], [0x0010, 'no-good-index-used'], [0x0020, 'no-index-used'],
  [0x0040, 'cursor-exists'], [0x0080, 'last-row-sent'], [0x0100, 'database-dropped'], [0x0200, 'no-backslash-escapes'],
  [0x0400, 'metadata-changed'], [0x0800, 'query-was-slow'], [0x1000, 'out-parameters'], [0x2000, 'in-transaction-readonly'], [0x4000, 'session-state-changed'],
]

export function statusNames(status: number): string[] {
  return STATUS.filter(([bit]) => (status & bit) !== 0).map(([, name]) => name)
}
