import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { CompactLines } from './compact-line.ts'
import { EvidenceLines } from './evidence-line.ts'
import { JsonLines } from './json-line.ts'
import { LineBytes } from './line-bytes.ts'
import type { MessageTest } from './message-filter.ts'
import { ProofLines } from './proof-line.ts'

/** How messages become lines. Crosses into the capture threads, so it is plain data. */
export type LineFormat =
  /** `proof`: what is about TLS says what a verdict needs: see proof-line.ts. */
  | { kind: 'json', proof?: boolean }
  | { kind: 'compact', colour: boolean, utc: boolean, columns?: number }
  /** `{flow, message}` for a reader in this program: see live-messages.ts. */
  | { kind: 'objects' }
  /** `{flow, message, facts}`, only what a verdict needs: see evidence-line.ts. */
  | { kind: 'evidence', digests?: boolean }
  | { kind: 'none' }

/** Adds the line of a message, with its newline. `broken`: how often peer bytes of the connection broke their protocol so far. */
export type LineMaker = (lines: LineBytes, flow: FlowInfo, m: Message, broken?: number) => void

/** Undefined where no lines are wanted: then messages are counted only. @param chooses of evidence: see EvidenceLines */
export function lineMaker(format: LineFormat, chooses?: MessageTest): LineMaker | undefined {
  if (format.kind === 'json' && format.proof === true) {
    const proof = new ProofLines()
    return (lines, flow, m, broken) => proof.add(lines, flow, m, broken)
  }
  if (format.kind === 'json') {
    const json = new JsonLines()
    return (lines, flow, m) => json.add(lines, flow, m)
  }
  if (format.kind === 'objects') return (lines, flow, m) => lines.line(JSON.stringify({ flow, message: plainMessage(m) }))
  if (format.kind === 'none') return undefined
  if (format.kind === 'evidence') {
    const evidence = new EvidenceLines(format.digests === true, chooses)
    return (lines, flow, m, broken) => evidence.add(lines, flow, m, broken)
  }
  const compact = new CompactLines(format)
  return (lines, flow, m) => compact.add(lines, flow, m)
}

/** Lines on their way out, in one piece of memory that is used again and again. */
export class LineBatch {
  readonly #bytes = new LineBytes()
  readonly #make: LineMaker
  readonly #wanted: MessageTest | undefined
  #lines = 0

  /** @param wanted other messages are left out */
  constructor(make: LineMaker, wanted?: MessageTest) {
    this.#make = make
    this.#wanted = wanted
  }

  add(flow: FlowInfo, m: Message, broken = 0): void {
    if (this.#wanted !== undefined && !this.#wanted(flow, m)) return
    this.#make(this.#bytes, flow, m, broken)
    this.#lines++
  }

  get lines(): number {
    return this.#lines
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  /** The bytes are the caller's; the memory of `spare` is used for those to come. */
  handOver(spare: ArrayBuffer | undefined): { text: Uint8Array<ArrayBuffer>, lines: number } {
    const given = { text: this.#bytes.handOver(spare), lines: this.#lines }
    this.#lines = 0
    return given
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
    outcome: m.outcome, request: m.request, response: m.response, decrypted: m.decrypted, complete: m.complete, notes: m.notes,
  }
}
