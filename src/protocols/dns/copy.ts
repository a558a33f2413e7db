const SHORT_BYTES = 64

/** A copy of bytes[from, to). Most are short, and a view of them would cost more than the loop. Not slice(): that of a Buffer is a view. */
export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (to - from > SHORT_BYTES) return new Uint8Array(bytes.subarray(from, to))
  const copy = new Uint8Array(to - from)
  for (let i = from; i < to; i++) copy[i - from] = bytes[i]!
  return copy
}
