import * as zlib from 'node:zlib'
import { Cursor } from './cursor.ts'
import { MAX_UNPACKED_BYTES } from './limits.ts'

const ZLIB = 1
const BROTLI = 2
const ZSTD = 3

/** The Certificate message inside a CompressedCertificate (RFC 8879 §4); undefined where it cannot be unpacked, or is larger than it says. */
export function unpackCertificate(bytes: Uint8Array, at: number, end: number): Uint8Array | undefined {
  const c = new Cursor(bytes, at, end)
  const algorithm = c.u16()
  const sizeBytes = c.u24()
  const packed = c.part(c.u24())
  if (!c.ok || sizeBytes === 0 || sizeBytes > MAX_UNPACKED_BYTES) return undefined
  try {
    const unpacked = unpack(algorithm, bytes.subarray(packed.at, packed.end), sizeBytes)
    return unpacked?.length === sizeBytes ? unpacked : undefined
  } catch {
    return undefined
  }
}

function unpack(algorithm: number, bytes: Uint8Array, maxOutputLength: number): Uint8Array | undefined {
  if (algorithm === ZLIB) return zlib.inflateSync(bytes, { maxOutputLength })
  if (algorithm === BROTLI) return zlib.brotliDecompressSync(bytes, { maxOutputLength })
  // Node has zstd since 22.15.
  return algorithm === ZSTD ? zlib.zstdDecompressSync?.(bytes, { maxOutputLength }) : undefined
}
