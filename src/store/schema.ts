import type { DatabaseSync } from 'node:sqlite'

/** A store of another number is not read. */
export const SCHEMA_VERSION = 2

/**
 * `messages`: what lists and filters need, narrow, so that a million are scanned in a tenth of a second; no further indexes, which would cost more at every insert than they save.
 * `pages`: the records as they came, many together (newline after each), compressed, requests and responses apart from the rest (page-parts.ts; `apart` 0: they are not).
 * A message is the line `id - first_id` of its page.
 * `flows`: what the messages of a connection have in common. `handshake`: the message with its TLS handshake.
 * `ways`: of messages that stand for a request whose hops were joined, where it went.
 * `crossings`: of those that were seen at one end of a wire only, which end (0: the client's) and what tells the same request at the other end, or the word for why nothing does.
 * `facts`: `removed_to`, the last message that is gone. Numbers that are not there are -1, texts ''.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS pages(first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, apart INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, heads BLOB NOT NULL, requests BLOB NOT NULL, responses BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS flows(id INTEGER PRIMARY KEY, run TEXT NOT NULL, key TEXT NOT NULL, capture TEXT NOT NULL, hop TEXT NOT NULL, namespace TEXT NOT NULL, interface TEXT NOT NULL,
  client_ip TEXT NOT NULL, client_port INTEGER NOT NULL, client_name TEXT NOT NULL, server_ip TEXT NOT NULL, server_port INTEGER NOT NULL, server_name TEXT NOT NULL,
  first_id INTEGER NOT NULL, handshake INTEGER NOT NULL DEFAULT -1);
CREATE TABLE IF NOT EXISTS protocols(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS messages(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, elapsed INTEGER NOT NULL, protocol INTEGER NOT NULL, code INTEGER NOT NULL, status TEXT NOT NULL, outcome INTEGER NOT NULL,
  flow INTEGER NOT NULL, flags INTEGER NOT NULL, request_bytes INTEGER NOT NULL, response_bytes INTEGER NOT NULL, what TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ways(id INTEGER PRIMARY KEY, sender TEXT NOT NULL, receiver TEXT NOT NULL, verdict TEXT NOT NULL, hops INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS crossings(id INTEGER PRIMARY KEY, side INTEGER NOT NULL, key TEXT, doubt TEXT);
CREATE INDEX IF NOT EXISTS crossings_by_key ON crossings(key) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`

const SETTINGS = `
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -16000;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 1000;
PRAGMA journal_size_limit = 8388608;
`

/** Makes the tables where they are not there. False where they are of another version of this program. */
export function prepareSchema(db: DatabaseSync): boolean {
  db.exec(SETTINGS.replace(/^\n/, ''))
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version !== 0 && version !== SCHEMA_VERSION) return false
  db.exec(TABLES)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  return true
}

export const MESSAGE_COLUMNS = ['id', 'at', 'elapsed', 'protocol', 'code', 'status', 'outcome', 'flow', 'flags', 'request_bytes', 'response_bytes', 'what'] as const
