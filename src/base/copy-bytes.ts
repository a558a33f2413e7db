import { Buffer } from 'node:buffer'

type Copy = (this: Uint8Array, target: Uint8Array, at: number, from: number, to: number) => number

const copy = Buffer.prototype.copy as unknown as Copy

/** from[start, end) to target[at, …): as `set` of a subarray, without the view, which takes longer than a short copy. */
export function copyBytes(from: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  copy.call(from, target, at, start, end)
}

const SHORT_BYTES = 64

/** A copy of from[start, end), also where that is a Buffer, whose own `slice` is a view. Most are short, and for them a loop is quicker than a call into the runtime. */
export function copyOf(from: Uint8Array, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start)
  if (end - start > SHORT_BYTES) copyBytes(from, start, end, bytes, 0)
  else for (let i = start; i < end; i++) bytes[i - start] = from[i]!
  return bytes
}
