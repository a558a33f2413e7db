import { closeSync, openSync, readSync } from 'node:fs'

/** What an ELF file says of itself: for which processor it is, and what it cannot run without. */
export interface Elf {
  /** e_machine of the ELF header: 62 is x86-64, 183 AArch64. */
  readonly machine: number
  /** Names of libraries (DT_NEEDED). */
  readonly needed: readonly string[]
  /** Path of the loader (PT_INTERP), of programs only. */
  readonly interpreter: string | undefined
}

export const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }

const PT = { LOAD: 1, DYNAMIC: 2, INTERP: 3 } as const
const DT = { NEEDED: 1, STRTAB: 5, STRSZ: 10 } as const
const MAX_PART_BYTES = 4 * 1024 * 1024

interface Segment { readonly type: number, readonly offset: number, readonly address: number, readonly bytes: number }

/** Undefined for a file that is no 64-bit little-endian ELF file (System V ABI, chapter 4 and 5). */
export function readElf(path: string): Elf | undefined {
  const file = openSync(path, 'r')
  try {
    const header = part(file, 0, 64)
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) return undefined
    const segments = readSegments(file, header)
    const interpreter = segments.find(({ type }) => type === PT.INTERP)
    return {
      machine: header.readUInt16LE(18), needed: readNeeded(file, segments),
      interpreter: interpreter === undefined ? undefined : textAt(part(file, interpreter.offset, interpreter.bytes), 0),
    }
  } finally {
    closeSync(file)
  }
}

function readSegments(file: number, header: Buffer): Segment[] {
  const [size, count] = [header.readUInt16LE(54), header.readUInt16LE(56)]
  const table = part(file, Number(header.readBigUInt64LE(32)), size * count)
  return Array.from({ length: size < 56 ? 0 : Math.floor(table.length / size) }, (_, i) => {
    const at = (offset: number): number => Number(table.readBigUInt64LE(i * size + offset))
    return { type: table.readUInt32LE(i * size), offset: at(8), address: at(16), bytes: at(32) }
  })
}

function readNeeded(file: number, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === PT.DYNAMIC)
  if (dynamic === undefined) return []
  const table = part(file, dynamic.offset, dynamic.bytes)
  const entries = Array.from({ length: table.length >> 4 }, (_, i) => [Number(table.readBigInt64LE(i * 16)), Number(table.readBigUInt64LE(i * 16 + 8))] as const)
  const valueOf = (tag: number): number => entries.find(([name]) => name === tag)?.[1] ?? 0
  const address = valueOf(DT.STRTAB)
  const home = segments.find((segment) => segment.type === PT.LOAD && address >= segment.address && address < segment.address + segment.bytes)
  if (home === undefined) return []
  const names = part(file, address - home.address + home.offset, valueOf(DT.STRSZ))
  return entries.filter(([name]) => name === DT.NEEDED).map(([, offset]) => textAt(names, offset))
}

function part(file: number, offset: number, bytes: number): Buffer {
  if (!Number.isSafeInteger(offset) || offset < 0) return Buffer.alloc(0)
  const buffer = Buffer.alloc(Math.min(bytes, MAX_PART_BYTES))
  return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset))
}

function textAt(bytes: Buffer, offset: number): string {
  if (offset > bytes.length) return ''
  const end = bytes.indexOf(0, offset)
  return bytes.toString('latin1', offset, end < 0 ? bytes.length : end)
}
