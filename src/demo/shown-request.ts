import type { Outcome } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import type { Segment } from './segment.ts'

/** How a request crossed between two workloads. */
export type Wire = 'mtls' | 'tls-one-way' | 'tls' | 'clear' | 'unknown'

/** One request as a line of the screen shows it, whatever it was put together from. */
export interface ShownRequest {
  readonly atMicros: Micros
  readonly from: string
  readonly to: string
  readonly what: string
  readonly status: number | string | undefined
  readonly outcome: Outcome
  readonly elapsedMicros: Micros | undefined
  readonly wire: Wire
  /** After the verdict: version and group, or why there is none. */
  readonly details: readonly string[]
  /** The way that it took, for the line below. */
  readonly hops: readonly Segment[]
  /** Where the verdict was concluded and not seen: from what. Said once. */
  readonly evidence?: string
}

/** Sign and word of each, so that nothing rests on the colour alone. */
export const WIRES: Record<Wire, { sign: string, word: string, colour: 'green' | 'amber' | 'red' | 'grey' }> = {
  'mtls': { sign: '●═●', word: 'mTLS', colour: 'green' },
  'tls-one-way': { sign: '○═●', word: 'TLS one way', colour: 'amber' },
  'tls': { sign: '?═●', word: 'TLS', colour: 'grey' },
  'clear': { sign: '───', word: 'CLEAR on the wire', colour: 'red' },
  'unknown': { sign: ' ? ', word: 'not seen on a wire', colour: 'grey' },
}
