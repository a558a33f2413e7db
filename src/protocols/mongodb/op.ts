// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
export const OP_REPLY = 1
export const OP_UPDATE = 2001
export const OP_INSERT = 2002
export const OP_QUERY = 2004
const OP_GET_MORE = 2005
export const OP_DELETE = 2006
export const OP_KILL_CURSORS = 2007
export const OP_COMPRESSED = 2012
export const OP_MSG = 2013

export const HEADER_BYTES = 16

/** Flag bits of OP_MSG. Bits 0 to 15 must be understood; of the others one is known. */
export const CHECKSUM_PRESENT = 1 << 0
export const MORE_TO_COME = 1 << 1
export const EXHAUST_ALLOWED = 1 << 16
export const CHECKSUM_BYTES = 4

const NAMES: ReadonlyMap<number, string> = new Map([
  [OP_REPLY, 'OP_REPLY'], [OP_UPDATE, 'OP_UPDATE'], [OP_INSERT, 'OP_INSERT'], [OP_QUERY, 'OP_QUERY'], [OP_GET_MORE, 'OP_GET_MORE'],
  [OP_DELETE, 'OP_DELETE'], [OP_KILL_CURSORS, 'OP_KILL_CURSORS'], [OP_COMPRESSED, 'OP_COMPRESSED'], [OP_MSG, 'OP_MSG'],
])

/** Undefined for a code that is none. */
export function opName(code: number): string | undefined {
  return NAMES.get(code)
}

export function isOp(code: number, isClient: boolean): boolean {
  return NAMES.has(code) && (isClient ? code !== OP_REPLY : code === OP_REPLY || code >= OP_COMPRESSED)
}

/** Requests of old that nobody answers. */
export function isUnanswered(code: number): boolean {
  return code === OP_UPDATE || code === OP_INSERT || code === OP_DELETE || code === OP_KILL_CURSORS
}
