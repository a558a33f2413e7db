/**
 * TCP sequence numbers (RFC 9293 §3.4) as signed 32-bit integers: they wrap, so they are compared by the sign of their difference.
 * Any number whose low 32 bits are the sequence number may be passed.
 */

/** Bytes from `from` to `to`: negative where `to` lies before it. Exact for distances under 2^31. */
export function seqDistance(from: number, to: number): number {
  return (to - from) | 0
}

export function seqBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

export function seqAdd(seq: number, bytes: number): number {
  return (seq + bytes) | 0
}

/** The one that comes first. */
export function seqEarlier(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? a : b
}
