import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { MtlscopeError } from '../base/errors.ts'
import { looksLikeHar } from '../store/har-import.ts'

const HEAD_BYTES = 4096
/** A HAR is parsed in one piece. */
const MAX_HAR_BYTES = 400 * 1024 * 1024

/** The text of a HAR file; undefined for a file that is none, which others may know, or that cannot be read, which they say better. */
export function readHarText(path: string): string | undefined {
  const head = headOf(path)
  if (head === undefined) return undefined
  const isPacked = head[0] === 0x1f && head[1] === 0x8b && /\.har\.gz$/i.test(path)
  if (!isPacked && !looksLikeHar(head.toString('utf8')) && !/\.har$/i.test(path)) return undefined
  const text = readFileSync(path)
  if (text.length > MAX_HAR_BYTES) throw new MtlscopeError('not-a-capture', `${path} is longer than ${MAX_HAR_BYTES / 1024 ** 2} MiB, the most that is read of a HAR`)
  return (isPacked ? gunzipSync(text, { maxOutputLength: MAX_HAR_BYTES }) : text).toString('utf8')
}

function headOf(path: string): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    if (!fstatSync(fd).isFile()) return undefined
    const head = Buffer.alloc(HEAD_BYTES)
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0))
  } finally {
    closeSync(fd)
  }
}
