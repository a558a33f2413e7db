import { bytesOf, hexOf, plainText, textOf } from '../sql/byte-text.ts'
import { exactNumber } from '../sql/rows.ts'
import type { PacketReader } from './packet-reader.ts'

const NAMES: Record<number, string> = {
  0: 'decimal', 1: 'tinyint', 2: 'smallint', 3: 'int', 4: 'float', 5: 'double', 6: 'null', 7: 'timestamp', 8: 'bigint', 9: 'mediumint', 10: 'date', 11: 'time',
  12: 'datetime', 13: 'year', 15: 'varchar', 16: 'bit', 17: 'timestamp2', 18: 'datetime2', 19: 'time2', 242: 'vector', 245: 'json', 246: 'decimal', 247: 'enum',
  248: 'set', 249: 'tinyblob', 250: 'mediumblob', 251: 'longblob', 252: 'blob', 253: 'varchar', 254: 'char', 255: 'geometry',
}
const BLOBS = new Set([249, 250, 251, 252])
const TEXT_NAMES: Record<number, string> = { 249: 'tinytext', 250: 'mediumtext', 251: 'longtext', 252: 'text' }
/** Character set of what is no text. */
const BINARY_CHARSET = 63

export function typeName(type: number, charset: number): string {
  if (BLOBS.has(type) && charset !== BINARY_CHARSET && charset !== 0) return TEXT_NAMES[type]!
  return NAMES[type] ?? `type ${type}`
}

/** What a value is shown as: a JSON value, or `{hex}` where it is neither text nor of a type that is known. */
export type Value = string | number | null | { readonly hex: string }

const INTEGERS = new Set([1, 2, 3, 8, 9, 13])
const FLOATS = new Set([4, 5])
const DECIMAL = /^-?\d{1,20}$/
const BIT = 16
const GEOMETRY = 255

/** A value of a text result. */
export function textValue(type: number, charset: number, kept: string): Value {
  if (INTEGERS.has(type) && DECIMAL.test(kept)) return exactNumber(BigInt(kept))
  if (FLOATS.has(type)) {
    const number = Number(kept)
    return Number.isFinite(number) ? number : kept
  }
  return bytesValue(type, charset, kept)
}

function bytesValue(type: number, charset: number, kept: string): Value {
  if (type === BIT || type === GEOMETRY) return { hex: hexOf(kept) }
  if (charset !== BINARY_CHARSET) return textOf(kept)
  return plainText(kept) ?? { hex: hexOf(kept) }
}

export const UNSIGNED = 0x20

/** The next value in binary format. */
export function binaryValue(reader: PacketReader, type: number, charset: number, isUnsigned: boolean): Value {
  switch (type) {
    case 1: return signed(reader.u8(), 8, isUnsigned)
    case 2:
    case 13: return signed(reader.u16(), 16, isUnsigned)
    case 3:
    case 9: return isUnsigned ? reader.u32() : reader.u32() | 0
    case 4: return finite(Number(bytesOf(padded(reader, 4)).readFloatLE(0).toPrecision(7)))
    case 5: return finite(bytesOf(padded(reader, 8)).readDoubleLE(0))
    case 6: return null
    case 8: return exactNumber(isUnsigned ? reader.u64() : BigInt.asIntN(64, reader.u64()))
    case 7:
    case 10:
    case 12: return dateText(reader, type === 10)
    case 11: return timeText(reader)
    default: {
      const kept = reader.string()
      return kept === undefined ? null : bytesValue(type, charset, kept)
    }
  }
}

function padded(reader: PacketReader, size: number): string {
  return reader.take(size).padEnd(size, '\0')
}

function signed(value: number, bits: number, isUnsigned: boolean): number {
  return isUnsigned ? value : value << 32 - bits >> 32 - bits
}

function finite(value: number): Value {
  return Number.isFinite(value) ? value : String(value)
}

const two = (value: number): string => String(value).padStart(2, '0')

function fraction(micros: number): string {
  return micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`
}

/** 0, 4, 7 or 11 bytes: date, time of day, microseconds. */
function dateText(reader: PacketReader, isDate: boolean): string {
  const length = reader.u8()
  const [year, month, day] = length >= 4 ? [reader.u16(), reader.u8(), reader.u8()] : [0, 0, 0]
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
  if (length < 7) return isDate ? date : `${date} 00:00:00`
  const time = `${two(reader.u8())}:${two(reader.u8())}:${two(reader.u8())}`
  return `${date} ${time}${length >= 11 ? fraction(reader.u32()) : ''}`
}

/** 0, 8 or 12 bytes: sign, days, time, microseconds. */
function timeText(reader: PacketReader): string {
  const length = reader.u8()
  if (length < 8) return '00:00:00'
  const sign = reader.u8() === 1 ? '-' : ''
  const days = reader.u32()
  const hours = days * 24 + reader.u8()
  return `${sign}${two(hours)}:${two(reader.u8())}:${two(reader.u8())}${length >= 12 ? fraction(reader.u32()) : ''}`
}
