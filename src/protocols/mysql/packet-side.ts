import { Buffer } from 'node:buffer'
import zlib from 'node:zlib'
import type { Micros } from '../../model/time.ts'
import type { FrameOwner } from '../sql/frame-stream.ts'
import { FrameStream } from '../sql/frame-stream.ts'
import { FULL_PACKET_BYTES, MAX_COMPRESSED_BYTES } from './limits.ts'

/** Who knows what the packets of one side mean. Bytes are borrowed until return. */
export interface PacketOwner {
  /** A packet begins; how many of its bytes are wanted. Negative: it cannot begin so, which was said. */
  wanted(sizeBytes: number, sequence: number): number
  /** Its first bytes, as many as were wanted. */
  packet(bytes: Uint8Array, from: number, to: number, sizeBytes: number, sequence: number): void
  /** The packet before was a full one, and this is more of it. */
  continued(sizeBytes: number): void
  lost(): void
  search(chunk: Uint8Array): number
  left(rest: Uint8Array): void
  broken(what: string): void
}

const HEAD_BYTES = 4
const COMPRESSED_HEAD_BYTES = 7

export function u24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16
}

/** One side as packets: three bytes of size, one of sequence. */
export class PacketSide implements FrameOwner {
  readonly headBytes = HEAD_BYTES
  readonly packets: FrameStream
  readonly #owner: PacketOwner
  #size = 0
  #sequence = 0
  /** The packet goes on in the next frame. */
  #isFull = false
  #compressed: CompressedSide | undefined

  constructor(owner: PacketOwner) {
    this.#owner = owner
    this.packets = new FrameStream(this)
  }

  /** The stream as captured: of packets, or of compressed packets around them. */
  get stream(): FrameStream {
    return this.#compressed?.stream ?? this.packets
  }

  get heldBytes(): number {
    return this.packets.heldBytes + (this.#compressed?.stream.heldBytes ?? 0)
  }

  get isCompressed(): boolean {
    return this.#compressed !== undefined
  }

  /** The next bytes are buf[from, to). */
  dataIn(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.stream.dataIn(buf, from, to, at)
  }

  compress(): void {
    this.#compressed = new CompressedSide(this.packets, this.#owner)
  }

  /** Searches for a packet from the next chunk on. */
  seek(): void {
    this.#isFull = false
    this.packets.seek()
  }

  end(): void {
    this.#compressed?.stream.end()
    this.packets.end()
  }

  head(bytes: Uint8Array, from: number): number {
    this.#size = u24(bytes, from)
    this.#sequence = bytes[from + 3]!
    const isMore = this.#isFull
    this.#isFull = this.#size === FULL_PACKET_BYTES
    if (isMore) {
      this.#owner.continued(this.#size)
      return this.#size
    }
    const wanted = this.#owner.wanted(this.#size, this.#sequence)
    if (wanted < 0) return -1
    this.packets.wantedBytes = wanted
    return this.#size
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    this.#owner.packet(bytes, from, to, this.#size, this.#sequence)
  }

  lost(): void {
    this.#isFull = false
    this.#owner.lost()
  }

  search(chunk: Uint8Array): number {
    return this.#owner.search(chunk)
  }

  left(rest: Uint8Array): void {
    this.#owner.left(rest)
  }
}

/** ZSTD_MAGICNUMBER, little-endian. */
const ZSTD_MAGIC = 0xfd2fb528

/** Compressed packets (§ page_protocol_basic_compression): size, sequence, size of what is inside; 0 where that is not compressed. */
class CompressedSide implements FrameOwner {
  readonly headBytes = COMPRESSED_HEAD_BYTES
  readonly stream: FrameStream
  readonly #inner: FrameStream
  readonly #owner: PacketOwner
  #innerBytes = 0

  constructor(inner: FrameStream, owner: PacketOwner) {
    this.#inner = inner
    this.#owner = owner
    this.stream = new FrameStream(this)
  }

  head(bytes: Uint8Array, from: number): number {
    const size = u24(bytes, from)
    const unfolded = u24(bytes, from + 4)
    this.#innerBytes = unfolded === 0 ? size : unfolded
    if (size <= MAX_COMPRESSED_BYTES && unfolded <= MAX_COMPRESSED_BYTES) this.stream.wantedBytes = size
    else this.#inner.gap(this.#innerBytes)
    return size
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    const at = this.stream.atMicros
    const isRaw = this.stream.wantedBytes === this.#innerBytes
    if (this.stream.isCut) {
      if (isRaw) this.#inner.data(bytes.subarray(from, to), at)
      return
    }
    if (isRaw) {
      this.#inner.data(bytes.subarray(from, to), at)
      return
    }
    const unfolded = unfold(bytes, from, to, this.#innerBytes)
    if (unfolded !== undefined) this.#inner.data(unfolded, at)
    else {
      this.#owner.broken('compressed bytes that cannot be unfolded')
      this.#inner.gap(this.#innerBytes)
    }
  }

  lost(): void {
    this.#inner.gap(FULL_PACKET_BYTES)
  }

  /** A chunk that is one compressed packet, or several. */
  search(chunk: Uint8Array): number {
    let at = 0
    while (at + COMPRESSED_HEAD_BYTES <= chunk.length) at += COMPRESSED_HEAD_BYTES + u24(chunk, at)
    return at === chunk.length ? 0 : -1
  }

  left(): void {
    // A compressed connection stays one.
  }
}

function unfold(bytes: Uint8Array, from: number, to: number, sizeBytes: number): Uint8Array | undefined {
  const packed = bytes.subarray(from, to)
  const isZstd = packed.length > 4 && Buffer.from(packed.buffer, packed.byteOffset, 4).readUInt32LE(0) === ZSTD_MAGIC
  const options = { maxOutputLength: sizeBytes }
  try {
    const unfolded = isZstd ? zlib.zstdDecompressSync(packed, options) : zlib.inflateSync(packed, options)
    return unfolded.length === sizeBytes ? unfolded : undefined
  } catch {
    return undefined
  }
}
