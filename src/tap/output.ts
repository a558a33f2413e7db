import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { CompactLines } from './compact-line.ts'
import { addJsonLine } from './json-line.ts'
import { LineBytes } from './line-bytes.ts'

/** How messages become lines. Crosses into the capture threads, so it is plain data. */
export type LineFormat =
  | { kind: 'json' }
  | { kind: 'compact', colour: boolean, utc: boolean, columns?: number }
  /** `{flow, message}` for a reader in this program: see live-messages.ts. */
  | { kind: 'objects' }
  | { kind: 'none' }

/** Adds the line of a message, with its newline. */
export type LineMaker = (lines: LineBytes, flow: FlowInfo, m: Message) => void

/** Undefined where no lines are wanted: then messages are counted only. */
export function lineMaker(format: LineFormat): LineMaker | undefined {
  if (format.kind === 'json') return addJsonLine
  if (format.kind === 'objects') return (lines, flow, m) => lines.line(JSON.stringify({ flow, message: plainMessage(m) }))
  if (format.kind === 'none') return undefined
  const compact = new CompactLines(format)
  return (lines, flow, m) => compact.add(lines, flow, m)
}

/** Lines on their way out, in one piece of memory that is used again and again. */
export class LineBatch {
  readonly #bytes = new LineBytes()
  readonly #make: LineMaker
  #lines = 0

  constructor(make: LineMaker) {
    this.#make = make
  }

  add(flow: FlowInfo, m: Message): void {
    this.#make(this.#bytes, flow, m)
    this.#lines++
  }

  get lines(): number {
    return this.#lines
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  /** The bytes are borrowed until the next add(). */
  take(): { text: Uint8Array, lines: number } {
    const taken = { text: this.#bytes.bytes, lines: this.#lines }
    this.#bytes.clear()
    this.#lines = 0
    return taken
  }
}

/** The fields of a message with its getters read, as they survive JSON. */
function plainMessage(m: Message): Message {
  return {
    protocol: m.protocol, atMicros: m.atMicros, elapsedMicros: m.elapsedMicros, what: m.what, status: m.status,
    outcome: m.outcome, request: m.request, response: m.response, complete: m.complete, notes: m.notes,
  }
}
