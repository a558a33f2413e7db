import { Buffer } from 'node:buffer'
import * as zlib from 'node:zlib'
import { decodeLz4 } from '../codec/lz4.ts'
import { decodeSnappy } from '../codec/snappy.ts'

/** By the lowest three bits of the attributes. */
export const COMPRESSIONS: readonly string[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const { constants } = zlib
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16
const MIN_CHUNK_BYTES = 16 * 1024
/** So much may be set aside on the word of a peer. */
const MAX_CHUNK_BYTES = 1024 * 1024

/** The bytes without their compression, or why they stay as they are. `isCut`: the end is missing; then what is there comes out. */
export function decompress(bytes: Buffer, compression: number, maxBytes: number, isCut: boolean): Buffer | string {
  switch (COMPRESSIONS[compression]) {
    case 'gzip': return attempt('gzip', () => zlib.gunzipSync(bytes, {
      maxOutputLength: maxBytes, finishFlush: isCut ? constants.Z_SYNC_FLUSH : constants.Z_FINISH, chunkSize: isCut ? MIN_CHUNK_BYTES : unpackedBytes(bytes, maxBytes),
    }))
    case 'snappy': return decodeFramedSnappy(bytes, maxBytes, isCut)
    case 'lz4': return decodeLz4(bytes, maxBytes, isCut)
    case 'zstd': return decodeZstd(bytes, maxBytes, isCut)
    default: return `compression ${compression} is not known`
  }
}

/**
 * What the end of a gzip member says of its size (RFC 1952 §2.3.1), in bounds: in one piece it unpacks at up to twice the speed. One byte more, or zlib would not see that it is at the end.
 */
function unpackedBytes(bytes: Buffer, maxBytes: number): number {
  const said = bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4) + 1
  return Math.max(MIN_CHUNK_BYTES, Math.min(said, maxBytes, MAX_CHUNK_BYTES))
}

/** Node has it since 22.15. */
function decodeZstd(bytes: Buffer, maxBytes: number, isCut: boolean): Buffer | string {
  if (typeof zlib.zstdDecompressSync !== 'function') return 'zstd is not known to this Node'
  return attempt('zstd', () => zlib.zstdDecompressSync(bytes, {
    maxOutputLength: maxBytes, finishFlush: isCut ? constants.ZSTD_e_flush : constants.ZSTD_e_end,
  }))
}

function attempt(name: string, decode: () => Buffer): Buffer | string {
  try {
    return decode()
  } catch (error) {
    const code: unknown = (error as { code?: unknown } | undefined)?.code
    return code === 'ERR_BUFFER_TOO_LARGE' ? `${name} expands too far` : `${name} is broken`
  }
}

/** Blocks in the framing of Java's library (a length before each), or one bare block. */
function decodeFramedSnappy(bytes: Buffer, maxBytes: number, isCut: boolean): Buffer | string {
  if (bytes.length < XERIAL_HEADER_BYTES || !bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return decodeSnappy(bytes, maxBytes)
  const blocks: Buffer[] = []
  let left = maxBytes
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const size = bytes.length - at < 4 ? -1 : bytes.readInt32BE(at)
    if (size < 0 || size > bytes.length - at - 4) return isCut ? Buffer.concat(blocks) : 'snappy is broken'
    const block = decodeSnappy(bytes.subarray(at + 4, at + 4 + size), left)
    if (typeof block === 'string') return block
    blocks.push(block)
    left -= block.length
    at += 4 + size
  }
  return Buffer.concat(blocks)
}
