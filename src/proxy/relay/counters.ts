import type { RelayMetrics } from './metrics.ts'

/** Where each counter lies in a thread's array. `active` and `tunnels` go up and down, the others only up. */
export const COUNTER = {
  active: 0, inboundMtls: 1, inboundTls: 2, inboundPlaintext: 3, outboundMtls: 4, outboundPlaintext: 5,
  inboundBytesSent: 6, inboundBytesReceived: 7, outboundBytesSent: 8, outboundBytesReceived: 9,
  handshakes: 10, resumedHandshakes: 11, handshakesFailed: 12, handshakeTimeouts: 13, identitiesRefused: 14,
  destinationsDenied: 15, selfCalls: 16, connectsFailed: 17, connectTimeouts: 18, unresolved: 19, idleTimeouts: 20,
  resets: 21, truncated: 22, refusedForLimit: 23, refusedForDescriptors: 24, threadsFailed: 25, tapDroppedBytes: 26,
  tunnels: 27, tunnelsOpened: 28, tunnelsBroken: 29,
} as const satisfies Record<keyof RelayMetrics, number>

export type CounterName = keyof typeof COUNTER
const NAMES = Object.keys(COUNTER) as CounterName[]

/**
 * Counters that a relay thread writes and the main thread reads, without messages: aligned 64-bit floats are not torn on x64 and arm64,
 * and each array has one writer.
 */
export function newCounters(): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(NAMES.length * 8))
}

export function sumCounters(arrays: readonly Float64Array[]): RelayMetrics {
  const sums = {} as Record<CounterName, number>
  for (const name of NAMES) sums[name] = arrays.reduce((sum, array) => sum + array[COUNTER[name]], 0)
  return sums
}
