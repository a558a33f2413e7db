import { Buffer } from 'node:buffer'
import zlib from 'node:zlib'
import { decodeSnappy } from '../codec/snappy.ts'
import { MAX_MESSAGE_BYTES } from './limits.ts'
import { OP_COMPRESSED } from './op.ts'

/** Original opcode, original size, compressor. */
const HEAD_BYTES = 9
const NAMES: readonly string[] = ['noop', 'snappy', 'zlib', 'zstd']

export interface Unpacked {
  /** What the message is; 0 where that is not known. */
  readonly op: number
  readonly bytes: Buffer
  readonly compressor: string | undefined
  /** Why `bytes` is empty. */
  readonly problem: string | undefined
}

/** The body of an OP_COMPRESSED. Gives at most `limitBytes` where the compressor can stop there. */
export function decompress(body: Buffer, limitBytes: number): Unpacked {
  if (body.length < HEAD_BYTES) return { op: 0, bytes: Buffer.alloc(0), compressor: undefined, problem: 'it is cut' }
  const op = body.readInt32LE(0)
  if (op === OP_COMPRESSED) return { op: 0, bytes: Buffer.alloc(0), compressor: undefined, problem: 'it is compressed twice' }
  const sizeBytes = body.readInt32LE(4)
  const compressor = NAMES[body[8]!] ?? `compressor ${body[8]!}`
  const bytes = unpack(body.subarray(HEAD_BYTES), body[8]!, sizeBytes, limitBytes)
  if (typeof bytes === 'string') return { op, bytes: Buffer.alloc(0), compressor, problem: bytes }
  // A copy of what is kept: a view would keep all of it.
  return { op, bytes: bytes.length > limitBytes ? Buffer.from(bytes.subarray(0, limitBytes)) : bytes, compressor, problem: undefined }
}

function unpack(bytes: Buffer, id: number, sizeBytes: number, limitBytes: number): Buffer | string {
  if (sizeBytes < 0 || sizeBytes > MAX_MESSAGE_BYTES) return 'its size is beyond all measure'
  // Larger ones are not worth the memory that they would take at once.
  if (sizeBytes > Math.max(limitBytes, MAX_UNPACKED_BYTES)) return 'it is too large'
  switch (id) {
    case 0: return bytes
    case 1: return decodeSnappy(bytes, sizeBytes)
    case 2: return attempt(() => zlib.inflateSync(bytes, { maxOutputLength: sizeBytes + 1, finishFlush: zlib.constants.Z_SYNC_FLUSH }))
    case 3: return typeof zlib.zstdDecompressSync === 'function' ? attempt(() => zlib.zstdDecompressSync(bytes, { maxOutputLength: sizeBytes + 1 })) : 'this Node has no zstd'
    default: return 'its compressor is not known'
  }
}

/** What is decompressed at once, whatever is kept. */
const MAX_UNPACKED_BYTES = 1024 * 1024

function attempt(run: () => Buffer): Buffer | string {
  try {
    return run()
  } catch (error) {
    return String(error)
  }
}
