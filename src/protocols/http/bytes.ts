import { Buffer } from 'node:buffer'

export const HT = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a
export const COMMA = 0x2c
export const SEMICOLON = 0x3b
const LOWER = 0x20

type Latin1Slice = (this: Uint8Array, from: number, to: number) => string
const slice = (Buffer.prototype as unknown as { latin1Slice: Latin1Slice }).latin1Slice

/** A copy of the bytes as a string with one character a byte. */
export function latin1(buf: Uint8Array, from: number, to: number): string {
  return slice.call(buf, from, to)
}

const LAST_ASCII = 0x7f
/** Longer texts are decoded quicker than looked through. */
const SHORT_TEXT_BYTES = 64

/** The bytes as UTF-8. Names are ASCII mostly, which is cheaper to decode. */
export function utf8(buf: Buffer, from: number, to: number): string {
  if (to - from > SHORT_TEXT_BYTES) return buf.toString('utf8', from, to)
  for (let i = from; i < to; i++) if (buf[i]! > LAST_ASCII) return buf.toString('utf8', from, to)
  return latin1(buf, from, to)
}

/** 1 for each byte that may stand in a token (RFC 9110 §5.6.2). */
export const TOKEN = new Uint8Array(256)
for (const c of '!#$%&\'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') TOKEN[c.charCodeAt(0)] = 1

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** White space between tokens, and the line breaks of folded lines. */
export function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === HT || byte === CR || byte === LF
}

/** Are the bytes from `at` this word, upper or lower case? `word` is lower case, of letters and hyphens only. */
export function isWord(buf: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if ((buf[at + i]! | LOWER) !== (word.charCodeAt(i) | LOWER)) return false
  }
  return true
}

/** Are the bytes from `at` exactly these characters? False where they do not fit before `to`. */
export function isText(buf: Uint8Array, at: number, to: number, text: string): boolean {
  if (at < 0 || at + text.length > to) return false
  for (let i = 0; i < text.length; i++) if (buf[at + i] !== text.charCodeAt(i)) return false
  return true
}
