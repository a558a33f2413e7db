import { CODE_LENGTHS, huffmanCodes } from './huffman-code.ts'
import { STATIC_TABLE } from './static-table.ts'

type Pair = readonly [name: string, value: string]

export interface EncodeOptions {
  readonly huffman?: boolean
  /** Newest first: fields that the encoder entered before, and where it enters new ones. Without, nothing is entered. */
  readonly table?: Pair[] | undefined
  readonly tableLimitBytes?: number
}

const CODES = huffmanCodes()

/** A header block, for tests and benches: indexed where a table has the field, else a literal. Characters are bytes. */
export function encodeBlock(fields: readonly Pair[], { huffman = true, table, tableLimitBytes = 4096 }: EncodeOptions = {}): Uint8Array {
  const out: number[] = []
  for (const pair of fields) encodeField(out, pair, huffman, table, tableLimitBytes)
  return Uint8Array.from(out)
}

function encodeField(out: number[], [name, value]: Pair, huffman: boolean, table: Pair[] | undefined, tableLimitBytes: number): void {
  const whole = STATIC_TABLE.findIndex((entry, i) => i > 0 && entry.name === name && entry.value === value)
  if (whole > 0) return encodeInteger(out, 0x80, 7, whole)
  const known = table?.findIndex((entry) => entry[0] === name && entry[1] === value) ?? -1
  if (known >= 0) return encodeInteger(out, 0x80, 7, known + 62)
  const named = Math.max(0, STATIC_TABLE.findIndex((entry, i) => i > 0 && entry.name === name))
  const nameAt = named > 0 || table === undefined ? named : table.findIndex((entry) => entry[0] === name) + 62
  const index = nameAt === 61 ? 0 : nameAt
  encodeInteger(out, table === undefined ? 0 : 0x40, table === undefined ? 4 : 6, index)
  if (index === 0) encodeString(out, name, huffman)
  encodeString(out, value, huffman)
  if (table !== undefined) enter(table, [name, value], tableLimitBytes)
}

function enter(table: Pair[], pair: Pair, limitBytes: number): void {
  table.unshift(pair)
  while (table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0) > limitBytes) table.pop()
}

export function encodeInteger(out: number[], pattern: number, bits: number, value: number): void {
  const full = (1 << bits) - 1
  if (value < full) {
    out.push(pattern | value)
    return
  }
  out.push(pattern | full)
  let rest = value - full
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push(rest % 128 | 0x80)
  out.push(rest)
}

export function encodeString(out: number[], text: string, huffman: boolean): void {
  const bytes = huffman ? huffmanBytes(text) : Array.from(text, (c) => c.charCodeAt(0))
  encodeInteger(out, huffman ? 0x80 : 0, 7, bytes.length)
  for (const byte of bytes) out.push(byte)
}

/** Padded with ones (RFC 7541 §5.2). */
export function huffmanBytes(text: string): number[] {
  let bits = ''
  for (const c of text) bits += CODES[c.charCodeAt(0)]!.toString(2).padStart(CODE_LENGTHS[c.charCodeAt(0)]!, '0')
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  return Array.from({ length: bits.length / 8 }, (_, i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2))
}
