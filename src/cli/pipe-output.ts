import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'

/** How soon a full pipe is tried again. */
const AGAIN_MS = 5

interface Piece { readonly bytes: Uint8Array, at: number, readonly done: () => void }

/**
 * A pipe written without ever waiting for its reader, so that Ctrl-C is heard while nobody reads. What does not fit is kept,
 * and it is for the caller to watch how much that is: `write` resolves when the bytes are in the pipe, or nobody reads any more.
 */
export class PipeOutput {
  readonly #fd: number
  #queue: Piece[] = []
  #head = 0
  #timer: NodeJS.Timeout | undefined
  /** The reader has gone (`| head`): nothing more is written, and that is no error. */
  closed = false

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** Undefined where the descriptor is no pipe, or this program may not open it once more. */
  static open(fd: number): PipeOutput | undefined {
    try {
      if (!fstatSync(fd).isFIFO()) return undefined
      // A description of its own: O_NONBLOCK must not reach the other programs that hold the same pipe.
      return new PipeOutput(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK))
    } catch {
      return undefined
    }
  }

  write(data: string | Uint8Array): Promise<void> {
    if (this.closed || data.length === 0) return Promise.resolve()
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return new Promise((done) => {
      this.#queue.push({ bytes, at: 0, done })
      if (this.#timer === undefined) this.#pump()
    })
  }

  #pump(): void {
    this.#timer = undefined
    for (; this.#head < this.#queue.length; this.#head++) {
      const piece = this.#queue[this.#head]!
      while (piece.at < piece.bytes.length) {
        const written = this.#writeSome(piece)
        if (this.closed) return
        if (written === 0) {
          this.#timer = setTimeout(() => this.#pump(), AGAIN_MS)
          return
        }
        piece.at += written
      }
      piece.done()
    }
    this.#queue = []
    this.#head = 0
  }

  /** 0 where the pipe is full. */
  #writeSome(piece: Piece): number {
    try {
      return writeSync(this.#fd, piece.bytes, piece.at, piece.bytes.length - piece.at)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') return 0
      this.#end()
      if (code === 'EPIPE') return 0
      throw new MtlscopeError('cannot-write', `cannot write standard output: ${code ?? message}`, { cause: error })
    }
  }

  #end(): void {
    this.closed = true
    for (const { done } of this.#queue.splice(this.#head)) done()
    closeSync(this.#fd)
  }
}
