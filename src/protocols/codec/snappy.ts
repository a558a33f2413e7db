import { Buffer } from 'node:buffer'

// https://github.com/google/snappy/blob/main/format_description.txt

const BROKEN = 'snappy is broken'
const LITERAL = 0
const COPY_1 = 1
const COPY_2 = 2
/** No element yields more than 64 bytes for each of its own, so a length that claims more is a lie. */
const MAX_RATIO = 64

/** One raw block. A string says what is wrong. At most `maxBytes` come out. */
export function decodeSnappy(bytes: Uint8Array, maxBytes: number): Buffer | string {
  let size = 0
  let at = 0
  for (let shift = 0; ; shift += 7) {
    if (at === bytes.length || shift > 28) return BROKEN
    const byte = bytes[at++]!
    size += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (size > (bytes.length - at) * MAX_RATIO) return BROKEN
  if (size > maxBytes) return 'snappy expands too far'
  const out = Buffer.allocUnsafe(size)
  return fill(out, bytes, at) ? out : BROKEN
}

/** False where the elements do not yield exactly the output. */
function fill(out: Buffer, bytes: Uint8Array, from: number): boolean {
  const end = bytes.length
  let at = from
  let to = 0
  while (at < end) {
    const tag = bytes[at++]!
    const kind = tag & 3
    if (kind === LITERAL) {
      const extra = tag >> 2 < 60 ? 0 : (tag >> 2) - 59
      if (extra > end - at) return false
      const length = (extra === 0 ? tag >> 2 : little(bytes, at, extra)) + 1
      at += extra
      if (length > end - at || length > out.length - to) return false
      addLiteral(out, to, bytes, at, length)
      at += length
      to += length
      continue
    }
    const size = kind === COPY_1 ? 1 : kind === COPY_2 ? 2 : 4
    if (size > end - at) return false
    const distance = kind === COPY_1 ? (tag >> 5) << 8 | bytes[at]! : little(bytes, at, size)
    const length = kind === COPY_1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1
    at += size
    if (distance === 0 || distance > to || length > out.length - to) return false
    // Byte by byte: the source may overlap what is being written.
    for (let i = to - distance, stop = to + length; to < stop;) out[to++] = out[i++]!
  }
  return to === out.length
}

function addLiteral(out: Buffer, to: number, bytes: Uint8Array, at: number, length: number): void {
  if (length > 48) out.set(bytes.subarray(at, at + length), to)
  else for (let i = 0; i < length; i++) out[to + i] = bytes[at + i]!
}

function little(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
  return value
}
