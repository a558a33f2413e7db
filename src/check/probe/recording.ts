import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'

/** A handshake with long chains has some 10 kB. What comes beyond is passed on and not kept. */
const MAX_RECORDED_BYTES = 256 * 1024

export interface RecordedChunk { readonly side: Side, readonly bytes: Uint8Array }

/** How the server's side of a connection ended, as far as it did. */
export type ServerEnd = 'open' | 'closed' | 'reset'

/** A socket that keeps what goes through it, in order, for a TLS library to sit on. */
export class Recording extends Duplex {
  readonly chunks: RecordedChunk[] = []
  serverEnd: ServerEnd = 'open'
  /** Code of what the network said: `ECONNREFUSED`. */
  error: string | undefined
  readonly #socket: Socket
  #recordedBytes = 0

  constructor(socket: Socket) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#keep(SERVER, bytes)
      if (!this.push(bytes)) socket.pause()
    })
    socket.on('end', () => {
      if (this.serverEnd === 'open') this.serverEnd = 'closed'
      this.push(null)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error ??= error.code ?? error.message
      if (this.error === 'ECONNRESET' || this.error === 'EPIPE') this.serverEnd = 'reset'
    })
    socket.on('close', () => this.destroy())
  }

  /** The server said something. */
  get answered(): boolean {
    return this.chunks.some(({ side }) => side === SERVER)
  }

  #keep(side: Side, bytes: Uint8Array): void {
    if (this.#recordedBytes + bytes.length > MAX_RECORDED_BYTES) return
    this.#recordedBytes += bytes.length
    this.chunks.push({ side, bytes: Uint8Array.from(bytes) })
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#keep(CLIENT, bytes)
    // What becomes of it is seen by what comes back: a broken pipe must not hide the alert that came before.
    this.#socket.write(bytes, () => done())
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done()
  }
}
