import zlib from 'node:zlib'

const RAW = 0
const ZSTD = 1
const DEFLATE = 2
/** Below this nothing is gained. */
const MIN_BYTES = 512
/** The fastest level: records repeat themselves, and shrink to a tenth all the same. */
const LEVEL = 1

/** Node has zstd since 22.15; it costs a third of deflate. */
const hasZstd = typeof (zlib as { zstdCompressSync?: unknown }).zstdCompressSync === 'function'

export function packPage(lines: Buffer): { codec: number, bytes: Buffer } {
  if (lines.length < MIN_BYTES) return { codec: RAW, bytes: lines }
  if (hasZstd) return { codec: ZSTD, bytes: zlib.zstdCompressSync(lines, { params: { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL } }) }
  return { codec: DEFLATE, bytes: zlib.deflateRawSync(lines, { level: LEVEL }) }
}

/** @param size of the lines, as they were packed. Throws where the bytes are damaged. */
export function unpackPage(codec: number, bytes: Uint8Array, size: number): Buffer {
  if (codec === RAW) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const options = { maxOutputLength: size }
  return codec === ZSTD ? zlib.zstdDecompressSync(bytes, options) : zlib.inflateRawSync(bytes, options)
}
