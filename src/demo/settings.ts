import type { Interception } from './interception-plan.ts'

/** What the demo was asked for. Crosses into the isolated world as JSON. */
export interface DemoSettings {
  readonly proxy: 'embedded' | 'envoy'
  /** Path of the Envoy, with `proxy: 'envoy'`. */
  readonly envoyBinary: string | undefined
  readonly interception: Interception | 'auto'
  /** Clicks a second. */
  readonly rate: number
  readonly forMs: number | undefined
  /** End after so many requests. */
  readonly count: number | undefined
  /** The hop line below every request, and not only below the first of its edge. */
  readonly verbose: boolean
  readonly output: 'compact' | 'json'
  readonly colour: boolean
  readonly utc: boolean
  /** There is one outside, or will be. */
  readonly viewer: boolean
}
