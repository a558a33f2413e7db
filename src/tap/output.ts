import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { CompactLines } from './compact-line.ts'
import { jsonLine } from './json-line.ts'

/** How messages become lines. Crosses into the capture threads, so it is plain data. */
export type LineFormat =
  | { kind: 'json' }
  | { kind: 'compact', colour: boolean, utc: boolean }
  /** `{flow, message}` for a reader in this program: see live-messages.ts. */
  | { kind: 'objects' }
  | { kind: 'none' }

export type LineMaker = (flow: FlowInfo, m: Message) => string

/** Undefined where no lines are wanted: then messages are counted only. */
export function lineMaker(format: LineFormat): LineMaker | undefined {
  if (format.kind === 'json') return jsonLine
  if (format.kind === 'objects') return (flow, m) => JSON.stringify({ flow, message: plainMessage(m) }) + '\n'
  if (format.kind === 'none') return undefined
  const compact = new CompactLines(format)
  return (flow, m) => compact.line(flow, m)
}

/** Lines of one batch, kept as pieces and encoded once. */
export class LineBatch {
  #text = ''
  #lines = 0

  add(line: string): void {
    this.#text += line
    this.#lines++
  }

  get lines(): number {
    return this.#lines
  }

  /** UTF-16 units so far: near enough to bytes to decide when a batch is full. */
  get length(): number {
    return this.#text.length
  }

  take(): { text: string, lines: number } {
    const taken = { text: this.#text, lines: this.#lines }
    this.#text = ''
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
