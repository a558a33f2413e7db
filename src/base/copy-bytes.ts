import { Buffer } from 'node:buffer'

type Copy = (this: Uint8Array, target: Uint8Array, at: number, from: number, to: number) => number

const copy = Buffer.prototype.copy as unknown as Copy

/** from[start, end) to target[at, …): as `set` of a subarray, without the view, which takes longer than a short copy. */
export function copyBytes(from: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  copy.call(from, target, at, start, end)
}

/** A copy of from[start, end), also where that is a Buffer, whose own `slice` is a view. */
export function copyOf(from: Uint8Array, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start)
  copyBytes(from, start, end, bytes, 0)
  return bytes
}
