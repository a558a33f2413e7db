import type { Endpoint } from '../../model/flow.ts'
import type { Micros } from '../../model/time.ts'

/** What a filter looks at: a message, wherever it comes from. Numbers that are not there are -1, texts ''. */
export interface FilterSubject {
  /** Its number in a store; 0 outside of one. */
  readonly id: number
  readonly atMicros: Micros
  readonly elapsedMicros: Micros
  readonly protocol: string
  readonly what: string
  readonly statusCode: number
  readonly status: string
  readonly outcome: string
  readonly complete: boolean
  readonly decrypted: boolean
  readonly requestBytes: number
  readonly responseBytes: number
  readonly flow: FilterFlow
  /** Where the request went, where its hops were joined. */
  readonly way?: { readonly from?: string, readonly to?: string } | undefined
  /** Costs more than the rest: it is parsed, or decoded, when it is asked for. */
  readonly request: object | undefined
  readonly response: object | undefined
  readonly notes: readonly string[]
  /** All of the record as one line of JSON. */
  readonly record: string
}

export interface FilterFlow {
  /** Unique within a run of the capture. */
  readonly id: string
  readonly client: Endpoint
  readonly server: Endpoint
  readonly capture: string
  readonly hop: string
  readonly namespace?: string
  readonly interface?: string
}
