// Where a start line could begin in bytes that are in the middle of anything. Whoever finds one must still read it strictly.

const METHODS = [
  'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY',
  'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'REPORT', 'SEARCH', 'PURGE',
]
const REQUEST_STARTS: readonly Uint8Array[] = METHODS.map((method) => Uint8Array.from(`${method} `, (c) => c.charCodeAt(0)))
const RESPONSE_STARTS: readonly Uint8Array[] = [Uint8Array.from('HTTP/1.', (c) => c.charCodeAt(0))]

function firstBytes(starts: readonly Uint8Array[]): Uint8Array {
  const table = new Uint8Array(256)
  for (const start of starts) table[start[0]!] = 1
  return table
}

const REQUEST_FIRST = firstBytes(REQUEST_STARTS)
const RESPONSE_FIRST = firstBytes(RESPONSE_STARTS)

/**
 * Offset of the next well-known method, or of the next `HTTP/1.`, or of what could become one once more bytes come.
 * `to` where there is none.
 */
export function findStart(isRequest: boolean, buf: Uint8Array, from: number, to: number): number {
  const first = isRequest ? REQUEST_FIRST : RESPONSE_FIRST
  for (let at = from; at < to; at++) {
    if (first[buf[at]!] === 1 && mayStart(isRequest, buf, at, to)) return at
  }
  return to
}

/** Is there a well-known method or version at `at`, or its beginning where the bytes end? */
export function mayStart(isRequest: boolean, buf: Uint8Array, at: number, to: number): boolean {
  for (const start of isRequest ? REQUEST_STARTS : RESPONSE_STARTS) {
    const known = Math.min(start.length, to - at)
    let i = 0
    while (i < known && buf[at + i] === start[i]) i++
    if (i === known) return true
  }
  return false
}
