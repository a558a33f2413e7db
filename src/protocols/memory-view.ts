/** Over the memory that was looked at last: frames come from few buffers, and making a view costs 100 ns. */
let lookedAt: Uint8Array = new Uint8Array(0)
let viewed: ArrayBufferLike = lookedAt.buffer
let view: DataView<ArrayBufferLike> = new DataView(viewed)

/** All of the memory that the bytes lie in: buf[i] is at `buf.byteOffset + i`. Borrowed until the next call. */
export function viewOf(buf: Uint8Array): DataView<ArrayBufferLike> {
  if (buf !== lookedAt) lookAt(buf)
  return view
}

/** Once a chunk and not once a line: asking an array for its buffer is a call into the runtime. */
function lookAt(buf: Uint8Array): void {
  lookedAt = buf
  const { buffer } = buf
  if (buffer === viewed) return
  viewed = buffer
  view = new DataView(buffer)
}
