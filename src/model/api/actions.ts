import type { Latency } from './overview.ts'

/**
 * `format`: `har` (HAR 1.2), `pcapng` (the packets of the messages), `jsonl` (records of docs/protocols/README.md).
 * Either `ids` (`12,13,40`, at most 10000), or a filter and range. Redaction holds except for `pcapng`, which has packets as captured.
 */
export interface ExportQuery {
  format: 'har' | 'pcapng' | 'jsonl'
  ids?: string
  q?: string
  from?: number
  to?: number
  /** As in MessagesQuery; default `all`. */
  hops?: 'joined' | 'all'
}

export interface CatalogPage { readonly services: readonly CatalogEntry[] }

export interface CatalogEntry {
  /** For the path of `GET /api/v1/catalog/:service`; encode it. */
  readonly id: string
  readonly name: string
  readonly operations: number
  readonly requests: number
  readonly errors: number
}

/** OpenAPI 3.1. Operations have `x-mtlscope: {requests, errors, p50Micros, p95Micros}`. */
export type OpenApiDocument = Readonly<Record<string, unknown>>

/** A message again, with edits. Absent is as it was. Headers replace all headers; `[redacted]` values must be replaced or left out. */
export interface ReplayRequest {
  readonly message: number
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly { readonly name: string, readonly value: string }[]
  /** Text, or base64 where `bodyBase64` is true. Of gRPC: JSON of the message where its type is known. */
  readonly body?: string
  readonly bodyBase64?: boolean
}

export interface ConfirmAnswer {
  readonly token: string
  /** Show these before asking. */
  readonly target: string
  readonly summary: string
  readonly warnings: readonly string[]
  readonly expiresMicros: number
}

export interface ReplayToken { readonly token: string }

export interface ReplayAnswer {
  readonly status: number | string
  readonly elapsedMicros: number
  readonly headers: readonly { readonly name: string, readonly value: string }[]
  readonly trailers?: readonly { readonly name: string, readonly value: string }[]
  /** As `body` of docs/protocols/bodies.md. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Of gRPC, instead of `body`: as `grpc` of a record's response. */
  readonly grpc?: Readonly<Record<string, unknown>>
  readonly bodyBytes: number
  /** The captured answer and this one, line by line: status, headers, body, trailers. */
  readonly diff: readonly DiffLine[]
}

/** `same` in both, `old` only in the captured answer, `new` only in the replayed one. `expected`: a header that no two answers have the same, so that these are no less the same for it. */
export interface DiffLine { readonly kind: 'same' | 'old' | 'new', readonly text: string, readonly expected?: boolean }

/** One side of a comparison; absent in `new` or `gone` entries. */
export interface CompareSide extends Latency { readonly requests: number, readonly errors: number }

export interface CompareEntry {
  /** Callee, and method and path template, or what stands for it in another protocol. */
  readonly service: string
  readonly operation: string
  readonly protocol: string
  readonly change: 'new' | 'gone' | 'slower' | 'faster' | 'more-errors' | 'fewer-errors' | 'same'
  readonly here?: CompareSide
  readonly other?: CompareSide
}

export interface CompareAnswer {
  /** Names of the two. */
  readonly here: string
  readonly other: string
  /** What changed most first. */
  readonly entries: readonly CompareEntry[]
}
