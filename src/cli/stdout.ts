import { fstatSync, ftruncateSync, writeSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { writeHint } from '../base/file-errors.ts'

const AGAIN_MS = 2
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** A file descriptor written synchronously, so that a slow reader slows the source down. */
export class SyncOutput {
  readonly #fd: number
  readonly #name: string
  /** The reader has gone (`| head`): nothing more is written, and that is no error. */
  closed = false

  constructor(fd: number, name: string) {
    this.#fd = fd
    this.#name = name
  }

  write(data: string | Uint8Array): void {
    if (this.closed) return
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(this.#fd, bytes, at, bytes.length - at)
      } catch (error) {
        if (!this.#mayGoOn(error as NodeJS.ErrnoException, at)) return
      }
    }
  }

  #mayGoOn(error: NodeJS.ErrnoException, written: number): boolean {
    if (error.code === 'EAGAIN') {
      Atomics.wait(sleeper, 0, 0, AGAIN_MS)
      return true
    }
    this.closed = true
    if (error.code === 'EPIPE') return false
    this.#takeBack(written)
    throw new MtlscopeError('cannot-write', `cannot write ${this.#name}: ${error.code ?? error.message}`, {
      hint: writeHint(error.code), cause: error,
    })
  }
  /** What is written at once is whole (lines, blocks): no half of it stays at the end of a file. */
  #takeBack(bytes: number): void {
    const stat = fstatSync(this.#fd)
    if (bytes > 0 && stat.isFile()) ftruncateSync(this.#fd, stat.size - bytes)
  }
}
