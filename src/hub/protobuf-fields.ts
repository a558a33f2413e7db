/** A field as docs/protocols/grpc.md shows it without a type. */
interface ShownField { readonly field?: unknown, readonly kind?: unknown, readonly value?: unknown, readonly fields?: unknown }

const WIRE: Readonly<Record<string, number>> = { varint: 0, fixed64: 1, string: 2, bytes: 2, message: 2, group: 3, fixed32: 5 }
const END_GROUP = 4
const MAX_DEPTH = 32

/** Encodes fields again, as they were read without a type; undefined where they cannot be. */
export function encodeFields(fields: unknown, depth = 0): Buffer | undefined {
  if (!Array.isArray(fields) || depth > MAX_DEPTH) return undefined
  const parts: Buffer[] = []
  for (const shown of fields as ShownField[]) {
    const part = encodeField(shown, depth)
    if (part === undefined) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function encodeField({ field, kind, value, fields }: ShownField, depth: number): Buffer | undefined {
  if (typeof field !== 'number' || typeof kind !== 'string' || WIRE[kind] === undefined) return undefined
  const tag = varint((BigInt(field) << 3n) | BigInt(WIRE[kind]))
  switch (kind) {
    case 'varint': return isNumber(value) ? Buffer.concat([tag, varint(BigInt(value))]) : undefined
    case 'fixed32': return isNumber(value) ? Buffer.concat([tag, fixed(BigInt(value), 4)]) : undefined
    case 'fixed64': return isNumber(value) ? Buffer.concat([tag, fixed(BigInt(value), 8)]) : undefined
    case 'string': return typeof value === 'string' ? delimited(tag, Buffer.from(value)) : undefined
    case 'bytes': return typeof value === 'string' ? delimited(tag, Buffer.from(value, 'base64')) : undefined
    default: {
      const inner = encodeFields(fields, depth + 1)
      if (inner === undefined) return undefined
      return kind === 'message' ? delimited(tag, inner) : Buffer.concat([tag, inner, varint((BigInt(field) << 3n) | BigInt(END_GROUP))])
    }
  }
}

/** Beyond 2^53 numbers are shown as texts of digits. */
function isNumber(value: unknown): value is number | string {
  return (typeof value === 'number' && Number.isInteger(value) && value >= 0) || (typeof value === 'string' && /^\d{1,20}$/.test(value))
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}

function fixed(value: bigint, size: 4 | 8): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  return bytes.subarray(0, size)
}

function delimited(tag: Buffer, bytes: Buffer): Buffer {
  return Buffer.concat([tag, varint(BigInt(bytes.length)), bytes])
}
