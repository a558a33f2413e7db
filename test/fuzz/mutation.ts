import fc from 'fast-check'
import { otherSide } from '../../src/model/side.ts'
import type { Piece, Source } from './source.ts'

export const KINDS = ['flip', 'byte', 'number', 'cut', 'shorten', 'repeat', 'swap', 'lose', 'insert', 'turn'] as const

/** One change. `at` and `and` say where and what; they are taken modulo what is there, so any numbers do. */
export interface Mutation { readonly kind: typeof KINDS[number], readonly at: number, readonly and: number }

/** A case: made of two sources, in numbers only, so that it can be made again. */
export interface Case {
  readonly source: number
  /** Only so many of its pieces, from that one on; undefined: all of them. */
  readonly window: { readonly from: number, readonly pieces: number } | undefined
  /** Its end is joined to the beginning of the first at this piece; undefined: only the first. */
  readonly splice: { readonly source: number, readonly at: number } | undefined
  readonly mutations: readonly Mutation[]
  /** Bytes of each further chunk, in turn. */
  readonly chunks: readonly number[]
  /** Fed to the dissector of its protocol; else to all protocols, which must find theirs. */
  readonly isDirect: boolean
  readonly isLate: boolean
  /** Which of the settings, modulo how many there are. */
  readonly settings: number
}

const MAX_REPEATS = 40
/** A connection in a capture needs a dozen frames to begin and to say something. */
const MAX_WINDOW = 24
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

export function cases(sources: number): fc.Arbitrary<Case> {
  const number = fc.nat(0xffffff)
  return fc.record({
    source: fc.nat(sources - 1),
    window: fc.option(fc.record({ from: fc.oneof(fc.constant(0), number), pieces: fc.integer({ min: 1, max: MAX_WINDOW }) }), { nil: undefined, freq: 15 }),
    splice: fc.option(fc.record({ source: fc.nat(sources - 1), at: number }), { nil: undefined, freq: 4 }),
    mutations: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), at: number, and: number }), { maxLength: 8 }),
    chunks: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 3000 })), { minLength: 1, maxLength: 4 }),
    isDirect: fc.boolean(),
    isLate: fc.boolean(),
    settings: fc.nat(0xff),
  })
}

/** The pieces that a case says, as fresh copies where they were changed. */
export function piecesOf({ source, window, splice, mutations }: Case, sources: readonly Source[]): Piece[] {
  const { pieces, linkType } = sources[source]!
  let list = part(pieces, window?.from ?? 0, window?.pieces)
  const other = splice === undefined ? undefined : sources[splice.source]!
  if (other !== undefined && other.linkType === linkType) list = [...list.slice(0, splice!.at % (list.length + 1)), ...part(other.pieces, splice!.at, window?.pieces)]
  for (const mutation of mutations) if (list.length > 0) mutate(list, mutation)
  return list.filter(({ bytes }) => bytes.length > 0)
}

/** At most `count` pieces from one on. */
function part(pieces: readonly Piece[], from: number, count = pieces.length): Piece[] {
  const first = from % (pieces.length + 1)
  return pieces.slice(first, first + count)
}

function mutate(list: Piece[], { kind, at, and }: Mutation): void {
  const index = at % list.length
  const piece = list[index]!
  const where = piece.bytes.length === 0 ? 0 : (at ^ and) % piece.bytes.length
  switch (kind) {
    case 'flip': return put(list, index, edited(piece, (bytes) => { bytes[where]! ^= 1 << and % 8 }))
    case 'byte': return put(list, index, edited(piece, (bytes) => { bytes[where] = and }))
    case 'number': return put(list, index, edited(piece, (bytes) => writeNumber(bytes, where, and)))
    case 'cut': return put(list, index, { ...piece, bytes: piece.bytes.subarray(0, where) })
    case 'shorten': return put(list, index, { ...piece, bytes: piece.bytes.subarray(where) })
    case 'insert': return put(list, index, { ...piece, bytes: inserted(piece.bytes, where, and) })
    case 'lose': return put(list, index, { ...piece, isLost: true })
    case 'turn': return put(list, index, { ...piece, side: otherSide(piece.side) })
    case 'repeat': list.splice(index, 0, ...Array.from({ length: 1 + and % MAX_REPEATS }, () => piece)); return
    default: put(list, index, list[and % list.length]!); put(list, and % list.length, piece)
  }
}

function put(list: Piece[], index: number, piece: Piece): void {
  list[index] = piece
}

function edited(piece: Piece, edit: (bytes: Uint8Array) => void): Piece {
  const bytes = Uint8Array.from(piece.bytes)
  edit(bytes)
  return { ...piece, bytes }
}

/** A number that lengths do not like, in either order of bytes. */
function writeNumber(bytes: Uint8Array, where: number, and: number): void {
  const value = NUMBERS[and % NUMBERS.length]!
  const size = Math.min([1, 2, 3, 4][(and >> 4) % 4]!, bytes.length - where)
  for (let i = 0; i < size; i++) bytes[where + i] = (and >> 8) % 2 === 0 ? value >>> 8 * (size - 1 - i) : value >>> 8 * i
}

function inserted(bytes: Uint8Array, where: number, and: number): Uint8Array {
  const more = Uint8Array.from({ length: 1 + and % 32 }, (_, i) => and * (i + 1) >> i % 8)
  return Buffer.concat([bytes.subarray(0, where), more, bytes.subarray(where)])
}
