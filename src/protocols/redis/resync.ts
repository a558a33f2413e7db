import { latin1 } from '../http/bytes.ts'
import { isKnownCommand } from './commands.ts'
import { MAX_NAME_BYTES } from './limits.ts'
import { probe, probeArray } from './probe.ts'
import { ARRAY, LF, NO_TYPE, PUSH, SIMPLE_STRING, formOf } from './resp.ts'

const NONE = new Uint8Array(0)
/** `*1234567\r\n$32\r\n` and the name. */
const HEAD_BYTES = 16 + MAX_NAME_BYTES
const PUSH_HEAD = /^\*[34]\r\n\$[78]\r\n[ps]?message\r\n/
const MONITOR_HEAD = /^\+\d{9,12}\.\d{6} \[\d/

/** Offset of the next bytes that may begin a command: at `from` where that is the start of a chunk, else behind a line end. */
export function findCommand(buf: Uint8Array, from: number): number {
  for (let i = from; i < buf.length; i++) {
    if (buf[i] === ARRAY && (i === 0 || buf[i - 1] === LF) && mayBeCommand(buf, i)) return i
  }
  return buf.length
}

function mayBeCommand(buf: Uint8Array, at: number): boolean {
  const verdict = probeArray(buf, at)
  return verdict === 'more' || (verdict === 'yes' && isCommandHead(buf, at))
}

function isCommandHead(buf: Uint8Array, at: number): boolean {
  const name = /^\*\d+\r\n\$\d+\r\n([^\r]*)\r\n/.exec(latin1(buf, at, Math.min(buf.length, at + HEAD_BYTES)))?.[1]
  return name !== undefined && isKnownCommand(name)
}

/**
 * Whether a chunk begins with something whole that the server said. Within a long reply a chunk may begin at one of its values, so
 * replies are believed only where the client has asked since (`isAsked`), or at the start of the capture (`isFirst`).
 */
export function beginsReply(buf: Uint8Array, isAsked: boolean, isFirst: boolean): boolean {
  if (formOf(buf[0]!) === NO_TYPE) return false
  if (beginsPush(buf)) return true
  const verdict = probe(NONE, buf)
  return verdict === 'yes' ? isAsked || isFirst : verdict === 'more' && isAsked
}

function beginsPush(buf: Uint8Array): boolean {
  if (buf[0] === ARRAY) return PUSH_HEAD.test(latin1(buf, 0, Math.min(buf.length, 24))) || isCommandHead(buf, 0)
  if (buf[0] === PUSH) return /^>\d+\r\n\$\d+\r\n/.test(latin1(buf, 0, Math.min(buf.length, 24)))
  return buf[0] === SIMPLE_STRING && MONITOR_HEAD.test(latin1(buf, 0, Math.min(buf.length, 24)))
}
