import { API_VERSIONS, isFlexible, structFor } from './apis.ts'
import type { Field, Struct } from './schema.ts'
import { ASSIGNMENT, BOOL, BYTES, ERROR, F64, I16, I32, I64, I8, RECORDS, SECRET, STR, SUBSCRIPTION, U16, U32, UUID } from './schema.ts'

type Values = Record<string, unknown>

/** Writes big-endian fields and variable-length integers. */
export class Bytes {
  readonly #parts: Buffer[] = []

  get whole(): Buffer {
    return Buffer.concat(this.#parts)
  }

  raw(...parts: Uint8Array[]): this {
    for (const part of parts) this.#parts.push(Buffer.from(part))
    return this
  }

  int(value: number | bigint, bytes: number): this {
    const buf = Buffer.alloc(bytes)
    let rest = BigInt.asUintN(bytes * 8, BigInt(value))
    for (let i = bytes - 1; i >= 0; i--, rest >>= 8n) buf[i] = Number(rest & 0xffn)
    return this.raw(buf)
  }

  uvarint(value: number | bigint): this {
    let rest = BigInt(value)
    const bytes: number[] = []
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    return this.raw(Uint8Array.from([...bytes, Number(rest)]))
  }

  varint(value: number | bigint): this {
    const big = BigInt(value)
    return this.uvarint(big >= 0n ? big * 2n : -big * 2n - 1n)
  }

  text(text: string): this {
    return this.raw(Buffer.from(text))
  }
}

function length(out: Bytes, count: number, isCompact: boolean, isShort: boolean): void {
  if (isCompact) out.uvarint(count + 1)
  else out.int(count, isShort ? 2 : 4)
}

function encodeOne(out: Bytes, { kind, struct, isNullable, isArray }: Field, isFlexible: boolean, value: unknown): void {
  switch (kind) {
    case BOOL: out.int(value === true ? 1 : 0, 1); break
    case I8: out.int(Number(value ?? 0), 1); break
    case I16: case U16: case ERROR: out.int(Number(value ?? 0), 2); break
    case I32: case U32: out.int(Number(value ?? 0), 4); break
    case I64: out.int(BigInt(String(value ?? 0)), 8); break
    case F64: { const buf = Buffer.alloc(8); buf.writeDoubleBE(Number(value ?? 0)); out.raw(buf); break }
    case UUID: out.raw(value === undefined ? Buffer.alloc(16) : Buffer.from(String(value), 'base64url')); break
    case STR: encodeBytes(out, value === undefined ? (isNullable ? null : '') : value, isFlexible, true); break
    case BYTES: case RECORDS: case SECRET: case SUBSCRIPTION: case ASSIGNMENT:
      encodeBytes(out, value === undefined ? (isNullable ? null : '') : value, isFlexible, false); break
    default:
      if (isNullable && !isArray) out.int(value === undefined || value === null ? -1 : 1, 1)
      if (!isNullable || isArray || (value !== undefined && value !== null)) encodeStruct(out, struct!, (value ?? {}) as Values)
  }
}

function encodeBytes(out: Bytes, value: unknown, isFlexible: boolean, isShort: boolean): void {
  if (value === null) {
    length(out, -1, isFlexible, isShort)
    return
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value as Buffer
  length(out, bytes.length, isFlexible, isShort)
  out.raw(bytes)
}

function encodeField(out: Bytes, field: Field, isFlexible: boolean, value: unknown): void {
  if (!field.isArray) {
    encodeOne(out, field, isFlexible, value)
    return
  }
  const list = value === null || (value === undefined && field.isNullable) ? null : (value ?? []) as unknown[]
  length(out, list?.length ?? -1, isFlexible, false)
  for (const one of list ?? []) encodeOne(out, field, isFlexible, one)
}

export function encodeStruct(out: Bytes, struct: Struct, values: Values): void {
  for (const field of struct.fields) encodeField(out, field, struct.isFlexible, values[field.name])
  if (!struct.isFlexible) return
  const tagged = [...struct.tagged].filter(([, field]) => values[field.name] !== undefined)
  out.uvarint(tagged.length)
  for (const [tag, field] of tagged) {
    const inner = new Bytes()
    encodeField(inner, field, true, values[field.name])
    out.uvarint(tag).uvarint(inner.whole.length).raw(inner.whole)
  }
}

function framed(body: Buffer): Buffer {
  return new Bytes().int(body.length, 4).raw(body).whole
}

/** What the values leave out is 0, empty, null where that is allowed. */
export function encodeRequest(key: number, version: number, correlationId: number, clientId: string | null, values: Values): Buffer {
  const out = new Bytes().int(key, 2).int(version, 2).int(correlationId, 4)
  if (clientId === null) out.int(-1, 2)
  else out.int(Buffer.byteLength(clientId), 2).text(clientId)
  if (isFlexible(key, version)) out.uvarint(0)
  encodeStruct(out, structFor(key, version, true)!, values)
  return framed(out.whole)
}

export function encodeResponse(key: number, version: number, correlationId: number, values: Values): Buffer {
  const out = new Bytes().int(correlationId, 4)
  if (isFlexible(key, version) && key !== API_VERSIONS) out.uvarint(0)
  encodeStruct(out, structFor(key, version, false)!, values)
  return framed(out.whole)
}

export interface TestRecord { key?: string | Buffer | null, value?: string | Buffer | null, headers?: Record<string, string> }

function recordBytes({ key = null, value = null, headers = {} }: TestRecord, index: number): Buffer {
  const out = new Bytes().int(0, 1).varint(index * 10).varint(index)
  for (const part of [key, value]) {
    if (part === null) out.varint(-1)
    else out.varint(Buffer.byteLength(part)).raw(Buffer.from(part))
  }
  out.varint(Object.keys(headers).length)
  for (const [name, text] of Object.entries(headers)) out.varint(Buffer.byteLength(name)).text(name).varint(Buffer.byteLength(text)).text(text)
  return new Bytes().varint(out.whole.length).raw(out.whole).whole
}

export interface BatchOptions { compression?: number, pack?: (bytes: Buffer) => Buffer, baseOffset?: number | bigint, attributes?: number }

/** A batch of format 2. */
export function batchBytes(records: readonly TestRecord[], { compression = 0, pack = (bytes) => bytes, baseOffset = 0, attributes = 0 }: BatchOptions = {}): Buffer {
  const packed = pack(Buffer.concat(records.map(recordBytes)))
  const body = new Bytes().int(3, 4).int(2, 1).int(0, 4).int(compression | attributes, 2).int(records.length - 1, 4).int(1_700_000_000_000n, 8)
    .int(1_700_000_000_000n + BigInt(records.length * 10), 8).int(-1, 8).int(-1, 2).int(-1, 4).int(records.length, 4).raw(packed)
  return new Bytes().int(baseOffset, 8).int(body.whole.length, 4).raw(body.whole).whole
}

/** One message of the formats 0 and 1. */
export function messageBytes(offset: number, magic: 0 | 1, attributes: number, key: string | null, value: string | Buffer | null): Buffer {
  const body = new Bytes().int(0, 4).int(magic, 1).int(attributes, 1)
  if (magic === 1) body.int(1_500_000_000_000n, 8)
  for (const part of [key, value]) {
    if (part === null) body.int(-1, 4)
    else body.int(Buffer.byteLength(part), 4).raw(Buffer.from(part))
  }
  return new Bytes().int(offset, 8).int(body.whole.length, 4).raw(body.whole).whole
}
