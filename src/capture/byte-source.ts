import { closeSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** Bytes in order, from wherever. */
export interface ByteSource {
  /** Size of the whole where it is known before: that of the file, also when it is compressed. */
  readonly totalBytes: number | undefined
  /** How far into `totalBytes`. */
  readonly readBytes: number
  /**
   * Fills some of `buf` from `offset` on and returns how many bytes; 0 is the end. A number at once where reading does not wait,
   * else a promise that is kept as soon as anything is there. `close()` ends a pending one.
   */
  read(buf: Uint8Array, offset: number): number | Promise<number>
  close(): void
}

/** A regular file or a device, read in place. */
export class FileSource implements ByteSource {
  readonly totalBytes: number | undefined
  readBytes = 0
  readonly #fd: number

  /** Takes over the descriptor, except that of standard input. */
  constructor(fd: number, totalBytes: number | undefined) {
    this.#fd = fd
    this.totalBytes = totalBytes
  }

  read(buf: Uint8Array, offset: number): number {
    const count = readSync(this.#fd, buf, offset, buf.length - offset, null)
    this.readBytes += count
    return count
  }

  close(): void {
    if (this.#fd !== 0) closeSync(this.#fd)
  }
}

/** A pipe, a socket or a decompressor. Reads no further than it is asked to, so a writer that is faster waits. */
export class StreamSource implements ByteSource {
  readonly totalBytes = undefined
  readBytes = 0
  readonly #stream: Readable
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(stream: Readable) {
    this.#stream = stream
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  }

  async read(buf: Uint8Array, offset: number): Promise<number> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return 0
      this.#rest = next.value
    }
    const count = Math.min(this.#rest.length, buf.length - offset)
    buf.set(this.#rest.subarray(0, count), offset)
    this.#rest = this.#rest.subarray(count)
    this.readBytes += count
    return count
  }

  close(): void {
    this.#stream.destroy()
  }
}
