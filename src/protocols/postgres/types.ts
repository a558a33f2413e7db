import type { Buffer } from 'node:buffer'
import { bytesOf, hexOf, plainText, textOf } from '../sql/byte-text.ts'
import { exactNumber } from '../sql/rows.ts'

/** Names of the built-in types (pg_type.dat of PostgreSQL). */
const NAMES: Record<number, string> = {
  16: 'bool', 17: 'bytea', 18: 'char', 19: 'name', 20: 'int8', 21: 'int2', 22: 'int2vector', 23: 'int4', 24: 'regproc', 25: 'text', 26: 'oid', 27: 'tid',
  28: 'xid', 114: 'json', 142: 'xml', 600: 'point', 650: 'cidr', 700: 'float4', 701: 'float8', 705: 'unknown', 790: 'money', 829: 'macaddr', 869: 'inet',
  1000: 'bool[]', 1001: 'bytea[]', 1005: 'int2[]', 1007: 'int4[]', 1009: 'text[]', 1015: 'varchar[]', 1016: 'int8[]', 1021: 'float4[]', 1022: 'float8[]',
  1042: 'bpchar', 1043: 'varchar', 1082: 'date', 1083: 'time', 1114: 'timestamp', 1184: 'timestamptz', 1186: 'interval', 1231: 'numeric[]', 1266: 'timetz',
  1560: 'bit', 1562: 'varbit', 1700: 'numeric', 2205: 'regclass', 2249: 'record', 2278: 'void', 2950: 'uuid', 2951: 'uuid[]', 3220: 'pg_lsn',
  3614: 'tsvector', 3615: 'tsquery', 3802: 'jsonb', 3807: 'jsonb[]', 4072: 'jsonpath',
}

export function typeName(oid: number): string | undefined {
  return NAMES[oid]
}

/** What a value is shown as: a JSON value, or `{hex}` where it is neither text nor of a type that is known. */
export type Value = string | number | boolean | null | { readonly hex: string }

const INTEGERS = new Set([20, 21, 23, 26])
const FLOATS = new Set([700, 701])
const BOOL = 16
const DECIMAL = /^-?\d{1,20}$/

/** A value in text format. */
export function textValue(oid: number, kept: string): Value {
  if (INTEGERS.has(oid) && DECIMAL.test(kept)) return exactNumber(BigInt(kept))
  if (FLOATS.has(oid)) {
    const number = Number(kept)
    return Number.isFinite(number) ? number : kept
  }
  if (oid === BOOL && (kept === 't' || kept === 'f')) return kept === 't'
  return textOf(kept)
}

/** A value in binary format, as the type's send function makes it. A value of another length than its type has is `{hex}`. */
export function binaryValue(oid: number, kept: string): Value {
  const decode = DECODERS[oid]
  const value = decode?.(bytesOf(kept), kept)
  if (value !== undefined) return value
  const text = oid === 0 ? undefined : TEXTS.has(oid) ? plainText(kept) : undefined
  return text ?? { hex: hexOf(kept) }
}

const TEXTS = new Set([18, 19, 25, 114, 142, 705, 1042, 1043])

type Decoder = (bytes: Buffer, kept: string) => Value | undefined

const sized = (size: number, decode: (bytes: Buffer) => Value): Decoder => (bytes) => bytes.length === size ? decode(bytes) : undefined

/** Days and microseconds are counted from 2000-01-01. */
const EPOCH_MILLIS = Date.UTC(2000, 0, 1)
const DAY_MILLIS = 86_400_000
const MAX_DATE_MILLIS = 8.64e15
const INFINITE_DAYS = 0x7fff_ffff
const INFINITE_MICROS = 0x7fff_ffff_ffff_ffffn

function date(bytes: Buffer): Value {
  const days = bytes.readInt32BE(0)
  if (days === INFINITE_DAYS) return 'infinity'
  if (days === -INFINITE_DAYS - 1) return '-infinity'
  const millis = EPOCH_MILLIS + days * DAY_MILLIS
  return Math.abs(millis) <= MAX_DATE_MILLIS ? new Date(millis).toISOString().replace(/T.*/, '') : days
}

function timestamp(bytes: Buffer, zone: string): Value {
  const micros = bytes.readBigInt64BE(0)
  if (micros === INFINITE_MICROS) return 'infinity'
  if (micros === -INFINITE_MICROS - 1n) return '-infinity'
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const millis = Number((micros - fraction) / 1000n) + EPOCH_MILLIS
  if (Math.abs(millis) > MAX_DATE_MILLIS) return String(micros)
  const whole = new Date(millis).toISOString().replace('T', ' ').replace('.000Z', '')
  return `${whole}${fraction === 0n ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`}${zone}`
}

function time(bytes: Buffer): Value {
  const micros = Number(bytes.readBigInt64BE(0))
  if (micros < 0 || micros > DAY_MILLIS * 1000) return { hex: bytes.toString('hex') }
  const seconds = Math.floor(micros / 1e6)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'))
  const fraction = String(micros % 1e6).padStart(6, '0').replace(/0+$/, '')
  return parts.join(':') + (fraction === '' ? '' : `.${fraction}`)
}

function uuid(bytes: Buffer): Value {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const NUMERIC_NEGATIVE = 0x4000
const NUMERIC_SPECIAL: Record<number, string> = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' }

/** Digits to the base of 10000: count, weight of the first, sign, digits behind the point, then the digits, two bytes each. */
function numeric(bytes: Buffer): Value | undefined {
  if (bytes.length < 8 || bytes.length !== 8 + bytes.readUInt16BE(0) * 2) return undefined
  const [count, weight, sign, scale] = [bytes.readUInt16BE(0), bytes.readInt16BE(2), bytes.readUInt16BE(4), bytes.readUInt16BE(6)]
  if (NUMERIC_SPECIAL[sign] !== undefined) return NUMERIC_SPECIAL[sign]
  if (Math.abs(weight) > 1000 || scale > 1000) return undefined
  const digit = (at: number): string => String(at >= 0 && at < count ? bytes.readUInt16BE(8 + at * 2) : 0).padStart(4, '0')
  let whole = ''
  for (let at = 0; at <= weight; at++) whole += digit(at)
  let fraction = ''
  for (let at = weight + 1; fraction.length < scale; at++) fraction += digit(at)
  const point = scale > 0 ? `.${fraction.slice(0, scale)}` : ''
  return `${sign === NUMERIC_NEGATIVE ? '-' : ''}${whole.replace(/^0+(?=\d)/, '') || '0'}${point}`
}

const float = (value: number): Value => Number.isFinite(value) ? value : String(value)

const DECODERS: Record<number, Decoder> = {
  16: sized(1, (b) => b[0] !== 0),
  17: (_, kept) => ({ hex: hexOf(kept) }),
  20: sized(8, (b) => exactNumber(b.readBigInt64BE(0))),
  21: sized(2, (b) => b.readInt16BE(0)),
  23: sized(4, (b) => b.readInt32BE(0)),
  26: sized(4, (b) => b.readUInt32BE(0)),
  700: sized(4, (b) => float(Number(b.readFloatBE(0).toPrecision(7)))),
  701: sized(8, (b) => float(b.readDoubleBE(0))),
  1082: sized(4, date),
  1083: sized(8, time),
  1114: sized(8, (b) => timestamp(b, '')),
  1184: sized(8, (b) => timestamp(b, 'Z')),
  1700: numeric,
  2950: sized(16, uuid),
  3802: (bytes, kept) => bytes[0] === 1 ? plainText(kept.slice(1)) : undefined,
}
