import { Buffer } from 'node:buffer'

/** A power of two. */
const PLACES = 64
/** Longer texts are not remembered. */
const MAX_BYTES = 64

interface Place { readonly bytes: Uint8Array, sizeBytes: number, text: string }

/** Texts of bytes that come again and again, as names of topics do: to compare a few bytes costs less than to decode them. */
export class RecentTexts {
  readonly #encoding: BufferEncoding
  readonly #places: readonly Place[] = Array.from({ length: PLACES }, () => ({ bytes: new Uint8Array(MAX_BYTES), sizeBytes: -1, text: '' }))

  constructor(encoding: BufferEncoding) {
    this.#encoding = encoding
  }

  text(bytes: Uint8Array, from: number, to: number): string {
    const size = to - from
    if (size === 0 || size > MAX_BYTES) return textOf(bytes, from, to, this.#encoding)
    const place = this.#places[(bytes[to - 1]! ^ bytes[from]! << 2 ^ size) & PLACES - 1]!
    if (place.sizeBytes === size && isSame(place.bytes, bytes, from, size)) return place.text
    for (let i = 0; i < size; i++) place.bytes[i] = bytes[from + i]!
    place.sizeBytes = size
    return place.text = textOf(bytes, from, to, this.#encoding)
  }
}

function textOf(bytes: Uint8Array, from: number, to: number, encoding: BufferEncoding): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString(encoding)
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (known[i] !== bytes[from + i]) return false
  return true
}
