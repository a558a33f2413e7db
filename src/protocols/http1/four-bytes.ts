import { SP } from '../http/bytes.ts'

// Heads are looked at four bytes at a time.

const FOUR_SPACES = 0x20202020
/** As the signed number that bitwise operations give. */
const FOUR_HIGH_BITS = 0x80808080 | 0

/** Over the memory that was looked at last: heads come from few buffers, and making a view costs 100 ns. */
let lookedAt: Uint8Array = new Uint8Array(0)
let viewed: ArrayBufferLike = lookedAt.buffer
let view: DataView<ArrayBufferLike> = new DataView(viewed)

/** All of the memory that the bytes lie in: buf[i] is at `buf.byteOffset + i`. Borrowed until the next call. */
export function viewOf(buf: Uint8Array): DataView<ArrayBufferLike> {
  if (buf !== lookedAt) lookAt(buf)
  return view
}

/** Is one of four bytes below 0x20? May be wrong about those behind such a byte, never about whether there is one. */
export function hasControl(four: number): boolean {
  return ((four - FOUR_SPACES) & ~four & FOUR_HIGH_BITS) !== 0
}

/**
 * Offset of the next byte below 0x20, or `to`. Looks at four bytes at once, which takes a third off the time of a head:
 * subtracting a space from each byte sets its highest bit where the byte was smaller. A borrow may do so behind such a byte, never before it.
 */
export function nextControl(buf: Uint8Array, from: number, to: number): number {
  const words = viewOf(buf)
  const { byteOffset } = buf
  let i = from
  while (i + 4 <= to) {
    if (hasControl(words.getInt32(byteOffset + i, true))) break
    i += 4
  }
  while (i < to && buf[i]! >= SP) i++
  return i
}

/** Once a chunk and not once a line: asking an array for its buffer is a call into the runtime. */
function lookAt(buf: Uint8Array): void {
  lookedAt = buf
  const { buffer } = buf
  if (buffer === viewed) return
  viewed = buffer
  view = new DataView(buffer)
}
