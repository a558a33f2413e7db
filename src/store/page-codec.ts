import zlib from 'node:zlib'

const RAW = 0
const ZSTD = 1
const DEFLATE = 2
/** Below this nothing is gained. */
const MIN_BYTES = 512
/** The fastest level: records repeat themselves, and shrink to a tenth all the same. */
const LEVEL = 1
/** Codec, and the size that the lines have (big endian). */
const HEAD_BYTES = 5
const MIN_CHUNK_BYTES = 64

/** Node has zstd since 22.15; it costs a third of deflate. */
const hasZstd = typeof (zlib as { zstdCompressSync?: unknown }).zstdCompressSync === 'function'

/** Lines made small, with what is needed to get them back. Nothing stays nothing. */
export function packLines(lines: Buffer): Buffer {
  if (lines.length === 0) return lines
  const [codec, bytes] = compressed(lines)
  const packed = Buffer.allocUnsafe(HEAD_BYTES + bytes.length)
  packed[0] = codec
  packed.writeUInt32BE(lines.length, 1)
  bytes.copy(packed, HEAD_BYTES)
  return packed
}

function compressed(lines: Buffer): [codec: number, bytes: Buffer] {
  if (lines.length < MIN_BYTES) return [RAW, lines]
  if (hasZstd) return [ZSTD, zlib.zstdCompressSync(lines, { params: { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL } })]
  return [DEFLATE, zlib.deflateRawSync(lines, { level: LEVEL })]
}

/** Throws where the bytes are damaged. */
export function unpackLines(packed: Uint8Array): Buffer {
  if (packed.length <= HEAD_BYTES) return Buffer.alloc(0)
  const whole = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const bytes = whole.subarray(HEAD_BYTES)
  if (whole[0] === RAW) return bytes
  const sizeBytes = whole.readUInt32BE(1)
  // One piece: the default of 64 KiB makes several, and joins them.
  const options = { maxOutputLength: Math.max(1, sizeBytes), chunkSize: Math.max(MIN_CHUNK_BYTES, sizeBytes + 1) }
  return whole[0] === ZSTD ? zlib.zstdDecompressSync(bytes, options) : zlib.inflateRawSync(bytes, options)
}
