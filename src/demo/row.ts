import type { Outcome } from '../model/message.ts'
import { printable } from '../tap/printable.ts'
import { durationText } from '../tap/time-text.ts'
import type { TimeText } from '../tap/time-text.ts'
import { cutMiddle } from '../base/text.ts'
import type { Colour, Segment } from './segment.ts'
import { WIRES } from './shown-request.ts'
import type { ShownRequest } from './shown-request.ts'

const OUTCOME_COLOURS: Partial<Record<Outcome, Colour>> = {
  'info': 'grey', 'redirect': 'blue', 'client-error': 'amber', 'server-error': 'red', 'none': 'grey',
}
/** Columns that a row takes beside the names and the path: time, gaps, status, duration. */
const FIXED_WIDTH = 38
/** Room for the longest verdict with its reason, and for one with version and group. */
const REASON_WIDTH = 44
const VERDICT_WIDTH = 35
const MIN_WHAT = 18
const FAIR_WHAT = 26
const MAX_WHAT = 44

export class Rows {
  readonly #nameWidth: number
  readonly #time: TimeText

  /** `names` are all that will ever stand in the columns for who calls whom. */
  constructor(names: readonly string[], time: TimeText) {
    this.#nameWidth = Math.max(...names.map((name) => name.length))
    this.#time = time
  }

  /** ` 12:03:41.201  web   → cart   GET /cart/7    200   1.9 ms  ●═● mTLS  TLS 1.3  X25519MLKEM768` */
  row(request: ShownRequest, width: number): Segment[] {
    const whatWidth = this.#whatWidth(width)
    const { sign, word, colour } = WIRES[request.wire]
    const status = request.status === undefined ? '–' : printable(String(request.status))
    const elapsed = request.elapsedMicros === undefined ? '' : durationText(request.elapsedMicros)
    return [
      { text: ` ${this.#time.clock(request.atMicros)}  `, colour: 'grey' },
      { text: `${this.#name(request.from)} → ${this.#name(request.to)}  ` },
      { text: cutMiddle(printable(request.what), whatWidth).padEnd(whatWidth) },
      { text: status.padStart(5), colour: OUTCOME_COLOURS[request.outcome] },
      { text: elapsed.padStart(9) },
      { text: `  ${sign} ${word}`, colour },
      ...request.details.map((text) => ({ text: `  ${printable(text)}` })),
    ]
  }

  /** On a narrow terminal the reason goes first, then the path down to a rest of it, then the group. */
  #whatWidth(width: number): number {
    const room = width - FIXED_WIDTH - 2 * this.#nameWidth
    if (room - REASON_WIDTH >= FAIR_WHAT) return Math.min(MAX_WHAT, room - REASON_WIDTH)
    return Math.min(FAIR_WHAT, Math.max(MIN_WHAT, room - VERDICT_WIDTH))
  }

  /** The way it took, below the row's names. */
  hops(request: ShownRequest): Segment[] {
    return [{ text: ' '.repeat(15) }, ...request.hops]
  }

  #name(name: string): string {
    return cutMiddle(printable(name), this.#nameWidth).padEnd(this.#nameWidth)
  }
}
