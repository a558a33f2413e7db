import type { Probe } from '../protocol.ts'
import { ALERT, HANDSHAKE, HEADER_BYTES, isLikelyHeader } from './record.ts'
import { isSsl2ServerHello, ssl2ClientHelloBytes } from './ssl2-hello.ts'

const CLIENT_HELLO = 1
const SERVER_HELLO = 2

/** What the first bytes of a side are. */
type Look = 'empty' | 'short' | 'other' | 'client hello' | 'server hello' | 'records'

/**
 * 'yes' on a hello of either side, or on records of a connection in use. A hello on the wrong side is a 'no': who sorted the
 * sides then did it wrongly.
 */
export function probeTls(client: Uint8Array, server: Uint8Array): Probe {
  const c = lookAt(client)
  const s = lookAt(server)
  if (c === 'client hello') return 'yes'
  if (c === 'server hello' || s === 'client hello') return 'no'
  if (c === 'other' && s === 'other') return 'no'
  if (s === 'server hello' || c === 'records' || s === 'records') return 'yes'
  if (c === 'other' || s === 'other') return 'no'
  return 'more'
}

function lookAt(b: Uint8Array): Look {
  if (b.length === 0) return 'empty'
  const type = b[0]!
  const record = type >= 20 && type <= 23
  if (!record && (type & 0x80) === 0) return 'other'
  if (b.length > 1 && record && b[1] !== 3) return 'other'
  if (b.length <= HEADER_BYTES) return 'short'
  if (!record) return lookAtSsl2(b)
  if (!isLikelyHeader(b, 0)) return 'other'
  return type === HANDSHAKE ? lookAtHandshake(b) : type === ALERT ? lookAtAlert(b) : 'records'
}

function lookAtSsl2(b: Uint8Array): Look {
  if (ssl2ClientHelloBytes(b[0]!, b[1]!, b[2]!, b[3]!, b[4]!) >= 0) return 'client hello'
  return isSsl2ServerHello(b[0]!, b[1]!, b[2]!, b[3]!, b[4]!) ? 'server hello' : 'other'
}

/** Joined late, a handshake record may hold anything: it is encrypted. */
function lookAtHandshake(b: Uint8Array): Look {
  if (b[5] === CLIENT_HELLO) return 'client hello'
  return b[5] === SERVER_HELLO ? 'server hello' : 'records'
}

/** In the clear it is two bytes long; an encrypted one is never shorter than a tag. */
function lookAtAlert(b: Uint8Array): Look {
  const length = b[3]! << 8 | b[4]!
  return length === 2 || length >= 16 ? 'records' : 'other'
}

