import type { Side } from '../model/side.ts'
import type { Micros } from '../model/time.ts'

/**
 * What was noticed besides the bytes. `overlap-conflict`: a segment contradicts bytes that came first; the first won.
 * `buffer-limit`, `total-limit`: too much waits behind a hole, of this connection or of all, so the hole became a gap.
 * `reset`: the connection was ended by RST.
 */
export type Anomaly = 'overlap-conflict' | 'buffer-limit' | 'total-limit' | 'reset'

/** Takes the two byte streams of one connection. `at` is when the packet was captured that the bytes were in. */
export interface StreamSink {
  /** The next bytes in order: buf[from, to), where the packet lies, since a view for each would cost more than it is read for. Borrowed until return, never empty. */
  data(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void
  /** `bytes` of the stream were sent and never captured. At the very end one more may be counted: a FIN that was not captured looks like a byte. */
  gap(side: Side, bytes: number, at: Micros): void
  /** Nothing more comes from this side: FIN in its place, RST, or close(). Once a side. */
  end(side: Side, at: Micros): void
  anomaly(side: Side, what: Anomaly): void
}
