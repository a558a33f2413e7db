import type { DatagramSender } from '../datagram.ts'
import { FROM_CLIENT, FROM_SERVER, NOBODY } from '../datagram.ts'
import type { Probe } from '../protocol.ts'
import { isKnownClass, isKnownOpcode, isKnownType } from './codes.ts'
import { AA, HEADER_BYTES, OPCODE_NOTIFY, OPCODE_QUERY, OPCODE_UPDATE, QR, TC, Z, opcodeOf, rcodeOf, word } from './header.ts'
import { MAX_NAME_BYTES } from './limits.ts'
import { BAD_QUESTION, Scan, WHOLE } from './scan.ts'

/** Length before each message (RFC 1035 §4.2.2). */
const PREFIX_BYTES = 2
/** A header and a question about the root. */
const SMALLEST = HEADER_BYTES + 5
const MAX_ADDITIONALS = 4
const FLAGS_END = PREFIX_BYTES + 4

const scan = new Scan()

/** A connection begins with a query of the client; where that was missed, with an answer that repeats its question. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  return client.length > 0 ? probeSide(client, false) : probeSide(server, true)
}

/** A length, a header whose flags and counts make sense, and the first question. */
export function probeSide(bytes: Uint8Array, isAnswer: boolean): Probe {
  if (bytes.length < PREFIX_BYTES) return 'more'
  const size = word(bytes, 0)
  if (size < SMALLEST) return 'no'
  if (bytes.length >= FLAGS_END && !areFlagsUsual(word(bytes, 4), isAnswer)) return 'no'
  if (bytes.length < PREFIX_BYTES + HEADER_BYTES) return 'more'
  if (!areCountsUsual(bytes, PREFIX_BYTES, isAnswer)) return 'no'
  return probeQuestion(bytes, PREFIX_BYTES, Math.min(bytes.length, PREFIX_BYTES + size), PREFIX_BYTES + size)
}

function areFlagsUsual(flags: number, isAnswer: boolean): boolean {
  if (((flags & QR) !== 0) !== isAnswer || (flags & Z) !== 0) return false
  const opcode = opcodeOf(flags)
  if (opcode !== OPCODE_QUERY && opcode !== OPCODE_NOTIFY && opcode !== OPCODE_UPDATE) return false
  return isAnswer ? rcodeOf(flags) <= 10 : rcodeOf(flags) === 0 && (flags & TC) === 0 && (opcode === OPCODE_NOTIFY || (flags & AA) === 0)
}

function areCountsUsual(bytes: Uint8Array, start: number, isAnswer: boolean): boolean {
  if (word(bytes, start + 4) !== 1) return false
  if (isAnswer) return true
  const opcode = opcodeOf(word(bytes, start + 2))
  if (opcode === OPCODE_UPDATE) return true
  // NOTIFY may bring the new SOA, IXFR has the old one.
  const answers = opcode === OPCODE_NOTIFY ? 1 : 0
  return word(bytes, start + 6) <= answers && word(bytes, start + 8) <= 1 && word(bytes, start + 10) <= MAX_ADDITIONALS
}

/** `end` is how far the bytes go, `whole` where the message ends. */
function probeQuestion(bytes: Uint8Array, start: number, end: number, whole: number): Probe {
  let at = start + HEADER_BYTES
  const first = at
  for (;;) {
    if (at >= end) return whole > end ? 'more' : 'no'
    const length = bytes[at]!
    if (length === 0) break
    if (length > 63 || at + length - first >= MAX_NAME_BYTES) return 'no'
    for (let i = at + 1; i <= at + length && i < end; i++) if (bytes[i]! < 0x20 || bytes[i] === 0x7f) return 'no'
    at += length + 1
  }
  if (at + 5 > whole) return 'no'
  if (at + 3 > end) return 'more'
  if (!isKnownType(word(bytes, at + 1))) return 'no'
  if (at + 5 > end) return 'more'
  return isKnownClass(word(bytes, at + 3)) ? 'yes' : 'no'
}

/**
 * A datagram is here as a whole, so all of it must fit, and on a port that says nothing it must be as usual as over TCP.
 * On the ports of DNS anything that can be read counts.
 */
export function probeDatagram(buf: Uint8Array, offset: number, length: number, missing: number, isExpected: boolean): DatagramSender {
  if (length < HEADER_BYTES) return NOBODY
  const flags = word(buf, offset + 2)
  const isAnswer = (flags & QR) !== 0
  const sender = isAnswer ? FROM_SERVER : FROM_CLIENT
  const end = offset + length
  if (scan.run(buf, offset, end, missing > 0) === BAD_QUESTION) return NOBODY
  if (isExpected) return isKnownOpcode(opcodeOf(flags)) ? sender : NOBODY
  if (!areFlagsUsual(flags, isAnswer) || !areCountsUsual(buf, offset, isAnswer)) return NOBODY
  if (scan.verdict !== WHOLE ? missing === 0 : offset + scan.end !== end) return NOBODY
  return probeQuestion(buf, offset, end, end) === 'yes' ? sender : NOBODY
}
