import type { CloseReason } from '../connection-report.ts'

/** What RESET says, by number. New ones come at the end: an older peer takes a number that it does not know for the first. */
const REASONS = [
  'reset', 'connect-refused', 'connect-timeout', 'connect-failed', 'unresolved', 'identity-refused', 'self-call', 'idle', 'limit', 'descriptors',
  'drained', 'truncated', 'certificate-expired',
] as const

export type ResetReason = typeof REASONS[number]

/** Ends of a connection that are called otherwise on the wire. */
const NAMED: Partial<Record<CloseReason, ResetReason>> = { 'client-truncated': 'truncated', 'server-truncated': 'truncated', 'handshake-failed': 'certificate-expired' }

export function resetCode(reason: CloseReason): number {
  return Math.max(0, REASONS.indexOf(NAMED[reason] ?? reason as ResetReason))
}

/** For people: why the sidecar on the other side ended a stream. Empty where it only passed a reset on. */
export function resetDetail(code: number): string {
  const reason = REASONS[code] ?? 'reset'
  return reason === 'reset' ? '' : `the other sidecar: ${reason}`
}
