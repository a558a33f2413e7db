import { ChunkedFraming } from './chunked.ts'
import type { Framing } from './framing.ts'
import { BY_CLOSE, BY_LENGTH, CHUNKED } from './framing.ts'
import type { Half } from './half.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import { BAD_CHUNK, BARE_LF, END_IN_BODY, LOST_IN_BODY, TRAILERS_CUT, UNTIL_CLOSE } from './notes.ts'

/** Steps over one body after the other, counts it, and keeps its first bytes. */
export class BodyReader {
  #half: Half | undefined
  #framing: Framing = BY_LENGTH
  #limitBytes = 0
  /** Of a body whose length is known. */
  #left = 0
  #chunks: ChunkedFraming | undefined
  /** The last byte was there. */
  isOver = false
  /** The framing makes no sense; the place in the stream is lost. */
  isBroken = false

  /** At most `limitBytes` of it are kept. */
  begin(half: Half, framing: Framing, limitBytes: number): void {
    this.#half = half
    this.#limitBytes = limitBytes
    this.#framing = framing
    this.#left = half.contentLength
    this.isOver = false
    this.isBroken = false
    if (framing !== CHUNKED) return
    this.#chunks ??= new ChunkedFraming()
    this.#chunks.reset()
  }

  /** The message that the body belongs to. */
  get half(): Half {
    return this.#half!
  }

  /** Of the message that the body belongs to. */
  get heldBytes(): number {
    const half = this.#half
    return half === undefined ? 0 : half.head.length + (half.body?.length ?? 0)
  }

  /** The bytes that were read may change from now on. */
  settle(): void {
    this.#half?.body?.own()
  }

  /** The message is told: an idle connection should not keep it. */
  release(): void {
    this.#half = undefined
  }

  /** Reads buf[from, to). Returns where it came to: the end of the bytes, or of the body where that `isOver` or `isBroken`. */
  feed(buf: Uint8Array, from: number, to: number): number {
    if (this.#framing === BY_LENGTH) return this.#feedLength(buf, from, to)
    if (this.#framing === CHUNKED) return this.#feedChunks(buf, from, to)
    return this.#pass(buf, from, to)
  }

  #feedLength(buf: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + this.#left)
    this.#left -= end - from
    if (this.#left === 0) this.isOver = true
    return this.#pass(buf, from, end)
  }

  #feedChunks(buf: Uint8Array, from: number, to: number): number {
    const chunks = this.#chunks!
    let at = from
    while (at < to && !chunks.done && !chunks.bad) {
      if (chunks.inData) {
        const end = Math.min(to, at + chunks.dataLeft)
        chunks.passData(end - at)
        at = this.#pass(buf, at, end)
      } else at = chunks.feed(buf, at, to)
    }
    if (chunks.done || chunks.bad) this.#endChunks()
    return at
  }

  #endChunks(): void {
    const half = this.#half!
    const { trailers, bareLf, trailersCut, bad } = this.#chunks!
    half.trailers = trailers
    if (bareLf) half.bits |= BARE_LF
    if (trailersCut) half.bits |= TRAILERS_CUT
    if (bad) half.bits |= BAD_CHUNK
    this.isBroken = bad
    this.isOver = !bad
  }

  #pass(buf: Uint8Array, from: number, to: number): number {
    const half = this.#half!
    half.bodyBytes += to - from
    // Behind a hole nothing is kept: what is shown is without one.
    if (this.#limitBytes > 0 && half.lostBytes === 0) (half.body ??= new KeptBytes(this.#limitBytes)).borrow(buf, from, to)
    return to
  }

  /** Bytes were lost. False where they reached beyond what is known to be body, so that the place in the stream is lost too. */
  lose(bytes: number): boolean {
    const known = this.#lossAllowed()
    const half = this.#half!
    const lost = Math.min(bytes, known)
    half.bits |= LOST_IN_BODY
    half.bodyBytes += lost
    half.lostBytes += lost
    if (bytes > known) return false
    if (this.#framing === CHUNKED) this.#chunks!.passData(bytes)
    else if (this.#framing === BY_LENGTH) this.#left -= bytes
    if (this.#framing === BY_LENGTH && this.#left === 0) this.isOver = true
    return true
  }

  #lossAllowed(): number {
    if (this.#framing === BY_CLOSE) return Infinity
    if (this.#framing === BY_LENGTH) return this.#left
    return this.#chunks!.inData ? this.#chunks!.dataLeft : 0
  }

  /** The connection ends. */
  end(): void {
    if (this.#framing === CHUNKED) this.#half!.trailers = this.#chunks!.trailers
    this.#half!.bits |= this.#framing === BY_CLOSE ? UNTIL_CLOSE : END_IN_BODY
  }
}
