import type { Outcome } from '../../model/message.ts'
import type { HttpReset } from '../http/lens.ts'
import { CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, REFUSED_STREAM, errorName } from '../http2/error-codes.ts'

/** Timers and captures do not agree to the microsecond, and C-core writes a deadline with three digits. */
const SLACK_MICROS = 5000
const SLACK_RATIO = 0.01

/** How a call ended whose stream was reset before a grpc-status came. */
export interface ResetStatus {
  /** What the caller is told. */
  readonly name: string
  readonly outcome: Outcome
  readonly why: string
}

/** `deadlineMicros`: of the call, where it had one. */
export function resetStatus({ by, code, afterMicros }: HttpReset, deadlineMicros: number | undefined): ResetStatus {
  const who = `the ${by}`
  const outcome = by === 'client' ? 'client-error' : 'server-error'
  if (code !== CANCEL) {
    const name = clientStatusOf(code)
    return { name, outcome, why: `no grpc-status: a client makes ${name} of ${errorName(code)}` }
  }
  if (deadlineMicros !== undefined && isOver(deadlineMicros, afterMicros)) {
    return { name: 'DEADLINE_EXCEEDED', outcome: 'server-error', why: `no grpc-status: ${who} gave the call up when its deadline of ${deadlineMicros / 1000} ms was over` }
  }
  return { name: 'CANCELLED', outcome, why: `no grpc-status: ${who} cancelled the call` }
}

function isOver(deadlineMicros: number, afterMicros: number | undefined): boolean {
  return afterMicros !== undefined && afterMicros + SLACK_MICROS >= deadlineMicros * (1 - SLACK_RATIO)
}

/** What a client makes of the other codes. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function clientStatusOf(code: number): string {
  switch (code) {
    case REFUSED_STREAM: return 'UNAVAILABLE'
    case ENHANCE_YOUR_CALM: return 'RESOURCE_EXHAUSTED'
    case INADEQUATE_SECURITY: return 'PERMISSION_DENIED'
    default: return 'INTERNAL'
  }
}
