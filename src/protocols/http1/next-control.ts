import { SP } from '../http/bytes.ts'

const FOUR_SPACES = 0x20202020
/** As the signed number that bitwise operations give. */
const FOUR_HIGH_BITS = 0x80808080 | 0

/** Over the memory that was looked at last: heads come from few buffers, and making a view costs 100 ns. */
let lookedAt: Uint8Array = new Uint8Array(0)
let viewed: ArrayBufferLike = lookedAt.buffer
let view: DataView<ArrayBufferLike> = new DataView(viewed)

/**
 * Offset of the next byte below 0x20, or `to`. Looks at four bytes at once, which takes a third off the time of a head:
 * subtracting a space from each byte sets its highest bit where the byte was smaller. A borrow may do so behind such a byte, never before it.
 */
export function nextControl(buf: Uint8Array, from: number, to: number): number {
  if (buf !== lookedAt) lookAt(buf)
  const words = view
  const { byteOffset } = buf
  let i = from
  while (i + 4 <= to) {
    const four = words.getInt32(byteOffset + i, true)
    if (((four - FOUR_SPACES) & ~four & FOUR_HIGH_BITS) !== 0) break
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
