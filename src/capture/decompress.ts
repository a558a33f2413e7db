import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import type { ByteSource } from './byte-source.ts'

const PACKED_BYTES = 64 * 1024
/** What is lost of good data at most, where it turns bad. */
const UNPACKED_BYTES = 64 * 1024

/** True where the bytes begin like gzip (RFC 1952 §2.3.1) or zstd (RFC 8878 §3.1.1) and this Node can unpack them. */
export function isCompressed(head: Uint8Array): boolean {
  return decompressorFor(head) !== undefined
}

/** What `head`, and then `source`, unpack to. Closing it closes the source. */
export function decompress(head: Uint8Array, source: ByteSource): ByteSource {
  return new DecompressedSource((decompressorFor(head) as () => Transform)(), head, source)
}

function decompressorFor(head: Uint8Array): (() => Transform) | undefined {
  // A high-water mark of 1 makes the decompressor stop after each piece, so an error never overtakes bytes that were good.
  const options = { chunkSize: UNPACKED_BYTES, readableHighWaterMark: 1 }
  if (head[0] === 0x1f && head[1] === 0x8b) return () => zlib.createGunzip(options)
  const isZstd = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd
  // Node has zstd since 22.15.
  if (isZstd && typeof zlib.createZstdDecompress === 'function') return () => zlib.createZstdDecompress(options)
  return undefined
}

/** Feeds the decompressor only when all that it made was read: memory stays small, and nothing is lost when the data breaks off. */
class DecompressedSource implements ByteSource {
  readonly #transform: Transform
  readonly #source: ByteSource
  readonly #packed = new Uint8Array(PACKED_BYTES)
  #head: Uint8Array
  #rest: Uint8Array = new Uint8Array(0)
  #feeding = false
  #over = false
  #error: Error | undefined
  #wake: () => void = () => {}

  constructor(transform: Transform, head: Uint8Array, source: ByteSource) {
    this.#transform = transform
    this.#head = head
    this.#source = source
    const wake = (): void => this.#wake()
    transform.on('readable', wake)
    transform.on('end', () => this.#end(undefined))
    transform.on('close', () => this.#end(undefined))
    transform.on('error', (error) => this.#end(error))
  }

  get totalBytes(): number | undefined {
    return this.#source.totalBytes
  }

  get readBytes(): number {
    return this.#source.readBytes
  }

  async read(buf: Uint8Array, offset: number): Promise<number> {
    while (this.#rest.length === 0) {
      const made = this.#transform.read() as Uint8Array | null
      if (made !== null) this.#rest = made
      else if (this.#error !== undefined) throw this.#error
      else if (this.#over) return 0
      else await this.#feed()
    }
    const count = Math.min(this.#rest.length, buf.length - offset)
    buf.set(this.#rest.subarray(0, count), offset)
    this.#rest = this.#rest.subarray(count)
    return count
  }

  close(): void {
    this.#transform.destroy()
    this.#source.close()
  }

  async #feed(): Promise<void> {
    const packed = this.#feeding ? undefined : await this.#nextPacked()
    const woken = new Promise<void>((resolve) => { this.#wake = resolve })
    if (this.#over) return
    if (packed?.length === 0) this.#transform.end()
    else if (packed !== undefined) {
      this.#transform.write(packed, () => {
        this.#feeding = false
        this.#wake()
      })
    }
    await woken
  }

  async #nextPacked(): Promise<Uint8Array> {
    this.#feeding = true
    const head = this.#head
    this.#head = new Uint8Array(0)
    if (head.length > 0) return head
    return this.#packed.subarray(0, await this.#source.read(this.#packed, 0))
  }

  #end(error: Error | undefined): void {
    this.#error ??= error
    this.#over = true
    this.#wake()
  }
}
