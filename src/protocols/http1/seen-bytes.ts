import { viewOf } from '../memory-view.ts'

/** Bytes that were read before, to be compared with others in full, so that no peer can make one text pass for another. */
export class SeenBytes {
  #length = 0
  readonly #room: DataView
  #misses = 0

  constructor(maxBytes: number) {
    this.#room = new DataView(new ArrayBuffer(maxBytes))
  }

  /** 0: nothing was seen. */
  get length(): number {
    return this.#length
  }

  /** Does buf[from, to) begin with them? Never, while nothing was seen. */
  begins(buf: Uint8Array, from: number, to: number): boolean {
    const length = this.#length
    if (length === 0 || length > to - from) return false
    const room = this.#room
    const words = viewOf(buf)
    const start = buf.byteOffset + from
    let i = 0
    for (; i + 16 <= length; i += 16) {
      const differs = (room.getInt32(i, true) ^ words.getInt32(start + i, true)) | (room.getInt32(i + 4, true) ^ words.getInt32(start + i + 4, true))
        | (room.getInt32(i + 8, true) ^ words.getInt32(start + i + 8, true)) | (room.getInt32(i + 12, true) ^ words.getInt32(start + i + 12, true))
      if (differs !== 0) return false
    }
    for (; i + 4 <= length; i += 4) if (room.getInt32(i, true) !== words.getInt32(start + i, true)) return false
    for (; i < length; i++) if (room.getUint8(i) !== words.getUint8(start + i)) return false
    this.#misses = 0
    return true
  }

  /** They were others. True for ever fewer of them in a row: where nothing repeats, remembering is in vain. */
  missed(): boolean {
    const misses = ++this.#misses
    return (misses & misses - 1) === 0
  }

  /** buf[from, to), no longer than was said. */
  remember(buf: Uint8Array, from: number, to: number): void {
    const room = this.#room
    const length = to - from
    for (let i = 0; i < length; i++) room.setUint8(i, buf[from + i]!)
    this.#length = length
  }
}
