import { ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PREFACE, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE } from './frame-types.ts'
import type { EncodeOptions } from './hpack-encoder.fixture.ts'
import { encodeBlock } from './hpack-encoder.fixture.ts'

export type Fields = readonly (readonly [name: string, value: string])[]

export function bytesOf(...parts: (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
}

export function uint32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array | string = ''): Uint8Array {
  const bytes = bytesOf(payload)
  return bytesOf(Uint8Array.of(bytes.length >>> 16, bytes.length >>> 8, bytes.length, type, flags), uint32Bytes(stream), bytes)
}

export const preface = (): Uint8Array => PREFACE
export const data = (stream: number, payload: Uint8Array | string, ends = false): Uint8Array => frame(DATA, ends ? END_STREAM : 0, stream, payload)
export const rst = (stream: number, code: number): Uint8Array => frame(RST_STREAM, 0, stream, uint32Bytes(code))
export const goaway = (last: number, code: number, debug = ''): Uint8Array => frame(GOAWAY, 0, 0, bytesOf(uint32Bytes(last), uint32Bytes(code), debug))
export const windowUpdate = (stream: number, increment: number): Uint8Array => frame(WINDOW_UPDATE, 0, stream, uint32Bytes(increment))
export const settingsAck = (): Uint8Array => frame(SETTINGS, ACK, 0)

export function settings(...values: (readonly [id: number, value: number])[]): Uint8Array {
  return frame(SETTINGS, 0, 0, bytesOf(...values.map(([id, value]) => bytesOf(Uint8Array.of(id >>> 8, id), uint32Bytes(value)))))
}

/** A header block in one frame, or cut into CONTINUATION frames of `cut` bytes. */
export function headers(stream: number, fields: Fields, ends = false, options: EncodeOptions & { cut?: number } = {}): Uint8Array {
  const block = encodeBlock(fields, options)
  const cut = options.cut ?? block.length
  const pieces = Array.from({ length: Math.max(1, Math.ceil(block.length / cut)) }, (_, i) => block.subarray(i * cut, (i + 1) * cut))
  return bytesOf(...pieces.map((piece, i) => {
    const last = i === pieces.length - 1 ? END_HEADERS : 0
    return i === 0 ? frame(HEADERS, last | (ends ? END_STREAM : 0), stream, piece) : frame(CONTINUATION, last, stream, piece)
  }))
}

export function pushPromise(stream: number, promised: number, fields: Fields, options: EncodeOptions = {}): Uint8Array {
  return frame(PUSH_PROMISE, END_HEADERS, stream, bytesOf(uint32Bytes(promised), encodeBlock(fields, options)))
}

export function padded(type: number, flags: number, stream: number, payload: Uint8Array, padding: number): Uint8Array {
  return frame(type, flags | PADDED, stream, bytesOf(Uint8Array.of(padding), payload, new Uint8Array(padding)))
}

export const get = (path: string, ...more: Fields): Fields => [[':method', 'GET'], [':scheme', 'http'], [':authority', 'shop:8080'], [':path', path], ...more]
export const post = (path: string, ...more: Fields): Fields => [[':method', 'POST'], [':scheme', 'http'], [':authority', 'shop:8080'], [':path', path], ...more]
export const status = (code: number, ...more: Fields): Fields => [[':status', String(code)], ...more]
