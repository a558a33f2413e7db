import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'

/** What the header says of the viewer: its address, or why there is none. */
export interface ViewerPlace {
  readonly address?: string
  /** A remark on it. */
  readonly note?: string
}

/** The viewer of the demo, outside of its world: who starts the demo has it. */
export interface DemoViewer {
  /** Never rejects. */
  readonly place: Promise<ViewerPlace>
  /** Whole lines of records, as `tap -o json` prints them. */
  lines(text: Uint8Array, count: number): void
  health(health: Health): void
  /** Of all that was captured by then the lines have come. */
  read(toMicros: Micros): void
}
