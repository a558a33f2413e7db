import type { JsonValue } from './json-value.ts'
import { TYPE } from './types.ts'
import { FIXED32, FIXED64, LENGTH_DELIMITED, START_GROUP, VARINT, doubleOf, floatOf, signedText, unsignedText } from './wire-reader.ts'
import type { WireReader } from './wire-reader.ts'

const FEWEST_DIGITS = 6
const MOST_DIGITS = 9

/** The wire type in which a value of each type of TYPE is written. */
export const WIRE_TYPES: readonly number[] = wireTypes()

function wireTypes(): number[] {
  const table: number[] = new Array(19).fill(VARINT)
  for (const type of [TYPE.double, TYPE.fixed64, TYPE.sfixed64]) table[type] = FIXED64
  for (const type of [TYPE.float, TYPE.fixed32, TYPE.sfixed32]) table[type] = FIXED32
  for (const type of [TYPE.string, TYPE.bytes, TYPE.message]) table[type] = LENGTH_DELIMITED
  table[TYPE.group] = START_GROUP
  return table
}

export function isPackable(type: number): boolean {
  const wireType = WIRE_TYPES[type]
  return wireType === VARINT || wireType === FIXED32 || wireType === FIXED64
}

/** Reads one number of a type; false where the bytes break off. */
export function readNumber(reader: WireReader, type: number): boolean {
  const wireType = WIRE_TYPES[type]
  return wireType === VARINT ? reader.varint() : wireType === FIXED32 ? reader.fixed32() : reader.fixed64()
}

/** The number that was read last, as JSON writes one of that type: 64 bits as text. */
export function numberValue(reader: WireReader, type: number): JsonValue {
  const { low, high } = reader
  switch (type) {
    case TYPE.int32: case TYPE.sfixed32: case TYPE.enum: return low | 0
    case TYPE.uint32: case TYPE.fixed32: return low
    case TYPE.bool: return low !== 0 || high !== 0
    case TYPE.sint32: return low >>> 1 ^ -(low & 1)
    case TYPE.uint64: case TYPE.fixed64: return unsignedText(low, high)
    case TYPE.sint64: return zigZagText(low, high)
    case TYPE.float: return fractional(shortFloat(floatOf(low)))
    case TYPE.double: return fractional(doubleOf(low, high))
    default: return signedText(low, high)
  }
}

function zigZagText(low: number, high: number): string {
  const sign = -(low & 1)
  return signedText(((low >>> 1 | high << 31) ^ sign) >>> 0, (high >>> 1 ^ sign) >>> 0)
}

function fractional(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value)
}

/** The shortest number that is this one in 32 bits: 0.1, not 0.10000000149011612. */
function shortFloat(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value
  for (let digits = FEWEST_DIGITS; digits < MOST_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
