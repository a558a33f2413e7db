import assert from 'node:assert/strict'
import type { Message } from '../../src/model/message.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'
import type { ConversationSink } from '../../src/protocols/conversation.ts'
import { Conversation } from '../../src/protocols/conversation.ts'
import type { Dissector, Settings } from '../../src/protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { NO_REDACTION } from '../../src/protocols/redaction.ts'
import { PROTOCOLS } from '../../src/protocols/registry.ts'
import { Engine } from '../../src/tap/engine.ts'
import type { Case } from './mutation.ts'
import { piecesOf } from './mutation.ts'
import type { Piece, Source } from './source.ts'
import { checkVerdict } from './verdict-oracle.ts'

/** What one connection may say that it holds: more than any dissector's own bounds. */
export const MAX_HELD_BYTES = 16 * 1024 * 1024
/** CPU of this thread; a case of some kilobytes takes a millisecond. */
const MAX_CASE_MS = 3000

const SETTINGS: readonly Settings[] = [
  { ...DEFAULT_SETTINGS, ciphertextTurns: true },
  { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 },
  { ...DEFAULT_SETTINGS, bodyLimitBytes: 100, redaction: { ...NO_REDACTION, credentials: true, texts: ['cart|shop', '\\d{3,}'], parameters: ['*id*'] } },
  // As for lines alone.
  { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, details: false },
  // As capture threads and files have them, where objects serve again from case to case.
  { ...DEFAULT_SETTINGS, readAtOnce: true },
  { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, details: false, readAtOnce: true },
]

function settingsOf({ settings }: Case): Settings {
  return SETTINGS[settings % SETTINGS.length]!
}

/** Everything of a message is read, as JSON would; an incomplete one must say why. */
function check(m: Message): void {
  const text = JSON.stringify([m.protocol, m.atMicros, m.elapsedMicros, m.what, m.status, m.outcome, m.complete, m.notes, m.request, m.response])
  if (!m.complete) assert.ok(m.notes.length > 0, `incomplete without a note: ${text.slice(0, 1000)}`)
  assert.ok(m.elapsedMicros === undefined || m.elapsedMicros >= 0, `negative time: ${text.slice(0, 1000)}`)
}

/** Runs one case. Throws where a promise does not hold. */
export function runCase(one: Case, sources: readonly Source[]): void {
  const start = process.threadCpuUsage()
  const pieces = piecesOf(one, sources)
  const { protocol, linkType } = sources[one.source]!
  if (linkType !== undefined) runFrames(pieces, linkType, settingsOf(one))
  else {
    runStream(pieces, one, protocol)
    checkVerdict(one, pieces, sources)
  }
  const { user, system } = process.threadCpuUsage(start)
  const tookMs = (user + system) / 1000
  assert.ok(tookMs < MAX_CASE_MS, `took ${Math.round(tookMs)} ms`)
}

function runStream(pieces: readonly Piece[], one: Case, protocol: string): void {
  const reader = one.isDirect ? openDirect(protocol, one) : openAny(one)
  let turn = 0
  let atMicros = 0
  for (const piece of pieces) {
    atMicros = Math.max(atMicros + 1, piece.atMicros)
    if (piece.isLost) reader.gap(piece.side, piece.bytes.length, atMicros)
    else {
      for (let from = 0; from < piece.bytes.length;) {
        const to = Math.min(piece.bytes.length, from + one.chunks[turn++ % one.chunks.length]!)
        // Borrowed: a copy that is scrubbed afterwards.
        const chunk = Uint8Array.from(piece.bytes.subarray(from, to))
        reader.data(piece.side, chunk, atMicros)
        chunk.fill(0x58)
        from = to
      }
    }
    const { heldBytes = 0 } = reader
    assert.ok(heldBytes <= MAX_HELD_BYTES, `holds ${heldBytes} bytes`)
  }
  for (const side of [CLIENT, SERVER] as const) reader.end(side, atMicros + 1)
}

type Reader = Pick<Dissector, 'data' | 'gap' | 'end' | 'heldBytes'>

function openDirect(name: string, one: Case): Reader {
  const protocol = PROTOCOLS.find((known) => known.name === name)!
  let isOver = false
  const dissector = protocol.open({ message: check, malformed() {}, switchTo() { isOver = true }, disown() { isOver = true } }, settingsOf(one))
  if (one.isLate) dissector.joinedLate?.()
  return {
    data: (side, chunk, at) => { if (!isOver) dissector.data(side, chunk, at) },
    gap: (side, bytes, at) => { if (!isOver) dissector.gap(side, bytes, at) },
    end: (side, at) => { if (!isOver) dissector.end(side, at) },
    get heldBytes() { return dissector.heldBytes ?? 0 },
  }
}

function openAny(one: Case): Reader {
  const sink: ConversationSink = { message: check, malformed() {} }
  return new Conversation(sink, { protocols: PROTOCOLS, settings: settingsOf(one), serverPort: 0, joinedLate: () => one.isLate })
}

function runFrames(pieces: readonly Piece[], linkType: number, settings: Settings): void {
  const engine = new Engine({ settings, capture: 'pcap' }, { message: (_flow, m) => check(m) })
  for (const { bytes, atMicros, isLost } of pieces) {
    if (!isLost) engine.frame(bytes, 0, bytes.length, bytes.length, atMicros, linkType, 0)
  }
  engine.end()
}
