import type { Buffer } from 'node:buffer'
import { judgeRequest } from './judge.ts'

const CLIENT_ID_AT = 12

/**
 * Offset of the next request in bytes that begin in the middle of anything: with the client id of this connection where that is known,
 * else only at `from`. `-1 - offset` of what could become one once more bytes come.
 */
export function seekRequest(buf: Uint8Array, from: number, clientId: Buffer | undefined): number {
  if (clientId === undefined) {
    const verdict = judgeRequest(buf, from)
    return verdict === 'yes' ? from : -1 - (verdict === 'more' ? from : buf.length)
  }
  let at = from
  for (; at + CLIENT_ID_AT + clientId.length <= buf.length; at++) {
    if (buf[at]! <= 6 && buf[at + 4] === 0 && buf[at + 6] === 0 && hasClientId(buf, at, clientId) && judgeRequest(buf, at) !== 'no') return at
  }
  return -1 - at
}

function hasClientId(buf: Uint8Array, at: number, clientId: Buffer): boolean {
  for (let i = 0; i < clientId.length; i++) if (buf[at + CLIENT_ID_AT + i] !== clientId[i]) return false
  return true
}
