import type { Micros } from '../../model/time.ts'
import type { TokenForm } from './token.ts'

/** Whose packets these are: one network namespace, seen by one ring. */
export interface CanaryPlace {
  /** Of the namespace; '' for that of this program. */
  readonly name: string
  interfaceName(index: number): string | undefined
  isLoopback(index: number): boolean
}

/** The token, where anybody who looks on could have read it. */
export interface Sighting {
  readonly place: string
  readonly interface: string
  /** `clear`: on a loopback interface, between an app and its proxy. `wire`: on any other. */
  readonly hop: 'clear' | 'wire'
  /** Number of the frame among those of this place, from 1. */
  readonly frame: number
  readonly atMicros: Micros
  /** `10.0.0.7:40312 → 10.0.0.9:8080`; empty for what is neither TCP nor UDP. */
  readonly ends: string
  readonly form: TokenForm['name']
}
