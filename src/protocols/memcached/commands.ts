import { sizeAt, wordAt } from './words.ts'

// What follows a command, and what answers it. The names are those of doc/protocol.txt of memcached.

export const UNKNOWN = 0
/** A value follows, its size is the fifth word. */
export const STORAGE = 1
/** Values answer it, END is the last. */
export const RETRIEVAL = 2
/** One line answers it, unless it ends in `noreply`. */
export const CHANGE = 3
/** One line answers it, or lines up to END. */
export const ADMIN = 4
export const META_GET = 5
/** A value follows, its size is the third word. */
export const META_SET = 6
export const META_DELETE = 7
export const META_ARITHMETIC = 8
export const META_NOOP = 9
const META_DEBUG = 10
/** Nothing answers it. */
export const QUIT = 11
/** What the server does is told from here on. */
export const WATCH = 12

const KINDS = new Map<string, number>([
  ...['set', 'add', 'replace', 'append', 'prepend', 'cas'].map((name) => [name, STORAGE] as const),
  ...['get', 'gets', 'gat', 'gats'].map((name) => [name, RETRIEVAL] as const),
  ...['delete', 'incr', 'decr', 'touch', 'flush_all', 'verbosity'].map((name) => [name, CHANGE] as const),
  ...['stats', 'version', 'slabs', 'lru', 'lru_crawler', 'cache_memlimit', 'shutdown', 'misbehave', 'refresh_certs', 'extstore'].map((name) => [name, ADMIN] as const),
  ['mg', META_GET], ['ms', META_SET], ['md', META_DELETE], ['ma', META_ARITHMETIC], ['mn', META_NOOP], ['me', META_DEBUG], ['quit', QUIT], ['watch', WATCH],
])

/** The latest command: it is asked for more than once. */
const last = { text: '', kind: UNKNOWN }

export function kindOf(text: string): number {
  if (text === last.text) return last.kind
  last.text = text
  return last.kind = KINDS.get(wordAt(text, 0)) ?? UNKNOWN
}

export function isMeta(kind: number): boolean {
  return kind >= META_GET && kind <= META_DEBUG
}

/** Bytes of the value that follows a command, -1 where none does. */
export function commandValueBytes(text: string): number {
  const kind = kindOf(text)
  return kind === STORAGE ? sizeAt(text, 4) : kind === META_SET ? sizeAt(text, 2) : -1
}

/** Nobody waits for an answer to it. */
export function isSilent(kind: number, text: string): boolean {
  return kind === QUIT || ((kind === STORAGE || kind === CHANGE) && text.trimEnd().endsWith(' noreply'))
}

/** A meta command with flag `q` has no answer in the ordinary case. */
export function isQuiet(kind: number, text: string): boolean {
  return isMeta(kind) && kind !== META_NOOP && flagsOf(kind, text).includes('q')
}

/** The flags of a meta command: a letter each, some with a token. */
export function flagsOf(kind: number, text: string): string[] {
  const words = text.split(' ').filter((word) => word !== '')
  return words.slice(kind === META_NOOP ? 1 : kind === META_SET ? 3 : 2)
}

/** The token of a flag, undefined where it is not there. */
export function flagToken(flags: readonly string[], letter: string): string | undefined {
  return flags.find((flag) => flag[0] === letter)?.slice(1)
}
