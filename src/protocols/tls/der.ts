import type { Cursor } from './cursor.ts'

export const SEQUENCE = 0x30
export const SET = 0x31
export const OBJECT_IDENTIFIER = 0x06
const BMP_STRING = 0x1e
const UTF8_STRING = 0x0c

/** One value of DER (X.690 §8.1, §10.1): its tag byte and a cursor over its contents. Undefined where none can be read; never throws. */
export interface DerValue { tag: number, body: Cursor }

/** The next value. Tags above 30 and the indefinite length do not occur in certificates and are refused. */
export function readDer(c: Cursor): DerValue | undefined {
  const tag = c.u8()
  let length = c.u8()
  if ((tag & 0x1f) === 0x1f || length === 0x80 || length > 0x84) return undefined
  if (length > 0x80) {
    let count = length - 0x80
    for (length = 0; count > 0; count--) length = length * 256 + c.u8()
  }
  const body = c.part(length)
  return c.ok ? { tag, body } : undefined
}

/** The next value, when it has this tag. */
export function readDerOf(c: Cursor, tag: number): Cursor | undefined {
  const value = readDer(c)
  return value?.tag === tag ? value.body : undefined
}

/** Dotted text of an object identifier's contents. */
export function oidText(body: Cursor): string {
  const arcs: number[] = []
  while (body.left > 0 && arcs.length < 32) {
    let arc = 0
    let octet: number
    do {
      octet = body.u8()
      arc = arc * 128 + (octet & 0x7f)
    } while ((octet & 0x80) !== 0 && body.left > 0 && arc < 2 ** 40)
    arcs.push(arc)
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...rest].join('.')
}

/** Text of a string value, whatever of the string types it is. */
export function derText({ tag, body }: DerValue): string {
  const bytes = Buffer.from(body.bytes.buffer, body.bytes.byteOffset + body.at, body.left)
  if (tag === BMP_STRING) return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16().toString('utf16le')
  return tag === UTF8_STRING ? bytes.toString('utf8') : bytes.toString('latin1')
}
