import { MtlscopeError } from '../base/errors.ts'
import type { CaptureFailure, CaptureHandlers, CaptureParser } from '../net/capture-handlers.ts'
import { captureParserFor, notACapture } from '../net/capture-parser.ts'
import type { ByteSource } from './byte-source.ts'
import { CarryBuffer } from './carry-buffer.ts'
import { decompress, isCompressed } from './decompress.ts'
import { captureName } from './open-source.ts'

const MAGIC_BYTES = 4

const HINTS: Record<CaptureFailure['code'], string> = {
  'not-a-capture': 'pcap and pcapng are read, as tcpdump, tshark, dumpcap and mtlscope write them',
  'capture-cut': 'everything before it was read; the file was still being written, or a copy of it broke off',
  'capture-malformed': 'everything before it was read; the file is damaged from there on',
}

/** A capture being read, chunk by chunk. Owns the source. */
export class CaptureReading {
  readonly #path: string
  readonly #handlers: CaptureHandlers
  readonly #buffer = new CarryBuffer()
  #source: ByteSource
  #parser: CaptureParser | undefined
  #failure: CaptureFailure | undefined
  #consumedBytes = 0
  #packed = false
  #closed = false

  constructor(path: string, source: ByteSource, handlers: CaptureHandlers) {
    this.#path = path
    this.#source = source
    this.#handlers = handlers
  }

  get readBytes(): number {
    return this.#source.readBytes
  }

  get totalBytes(): number | undefined {
    return this.#source.totalBytes
  }

  get result(): { format: 'pcap' | 'pcapng' | undefined, frames: number, bytes: number } {
    return { format: this.#parser?.format, frames: this.#parser?.frames ?? 0, bytes: this.#consumedBytes }
  }

  /** Ends a pending `step()` too, which then is the last one. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#source.close()
  }

  /** Reads one chunk and delivers what is whole. False when there is no more to read: at the end, after a failure, when closed. */
  async step(): Promise<boolean> {
    const buffer = this.#buffer
    const count = this.#closed ? 0 : await this.#read()
    if (this.#closed) return false
    buffer.end += count
    if (!this.#packed && this.#parser === undefined && this.#unpack()) return true
    const consumed = this.#deliver()
    const remaining = buffer.end - consumed
    if (count === 0 && this.#failure === undefined) this.#failure = this.#finish(remaining)
    buffer.consume(consumed)
    return count > 0 && this.#failure === undefined
  }

  /** @throws MtlscopeError for what `step()` found wrong */
  check(): void {
    if (this.#failure === undefined || this.#closed) return
    const { code, what, atByte, hint } = this.#failure
    const where = `${code === 'capture-cut' ? '' : ','} ${this.#packed ? 'unpacked ' : ''}at byte ${atByte}`
    throw new MtlscopeError(code, `${captureName(this.#path)} ${what}${where}`, {
      hint: hint?.replace('FILE', this.#path) ?? HINTS[code], facts: { path: this.#path, atByte },
    })
  }

  async #read(): Promise<number> {
    const { bytes, end } = this.#buffer
    try {
      const pending = this.#source.read(bytes, end)
      return typeof pending === 'number' ? pending : await pending
    } catch (error) {
      if (this.#closed) return 0
      this.#failure = this.#packedFailure(error as NodeJS.ErrnoException)
      return 0
    }
  }

  /** Errors of the decompressor are the file's fault, all others the system's. */
  #packedFailure(error: NodeJS.ErrnoException): CaptureFailure {
    const atByte = this.#consumedBytes
    if (error.code === 'Z_BUF_ERROR') return { code: 'capture-cut', what: 'ends in the middle of its compressed data', atByte }
    if (/^(Z|ZSTD|ERR_ZSTD)_/.test(error.code ?? '')) {
      return { code: 'capture-malformed', what: 'has broken compressed data', atByte }
    }
    throw new MtlscopeError('cannot-read', `cannot read ${captureName(this.#path)} on: ${error.code} at byte ${atByte}`, {
      facts: { path: this.#path, errno: error.code, atByte }, cause: error,
    })
  }

  #unpack(): boolean {
    const head = this.#buffer.bytes.subarray(0, this.#buffer.end)
    if (head.length < MAGIC_BYTES || !isCompressed(head)) return false
    this.#source = decompress(head.slice(), this.#source)
    this.#buffer.consume(head.length)
    this.#packed = true
    return true
  }

  /** Returns how many bytes of the buffer are done with. */
  #deliver(): number {
    const { bytes, end } = this.#buffer
    if (this.#parser === undefined) this.#detect(bytes.subarray(0, end))
    if (this.#parser === undefined) return 0
    this.#handlers.beginBlock?.(bytes)
    const consumed = this.#parser.parse(bytes, 0, end)
    this.#handlers.endBlock?.()
    this.#consumedBytes += consumed
    this.#failure ??= this.#parser.failure
    return consumed
  }

  #detect(head: Uint8Array): void {
    const found = captureParserFor(head, this.#handlers)
    if (found === undefined) return
    if ('parse' in found) this.#parser = found
    else this.#failure = found
  }

  #finish(remainingBytes: number): CaptureFailure | undefined {
    if (this.#parser === undefined) return notACapture(this.#buffer.bytes.subarray(0, this.#buffer.end))
    return this.#parser.finish(remainingBytes)
  }
}
