import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { CLIENT } from '../../model/side.ts'
import { FOUND_BEFORE, FrameSearch, NOT_FOUND } from './frame-search.ts'
import { MAX_BELIEVED_FRAME_BYTES, MAX_SEARCH_BYTES } from './limits.ts'
import { MORE, YES, frameChain } from './plausible.ts'

/** As it was meant: all that is kept is judged anew with each piece. */
class PlainSearch {
  #held = Buffer.alloc(0)
  #before = 0

  feed(piece: Uint8Array): number {
    const all = Buffer.concat([this.#held, piece])
    let undecided = all.length
    for (let at = 0; at < all.length; at++) {
      const verdict = frameChain(all, at, all.length, CLIENT, MAX_BELIEVED_FRAME_BYTES)
      if (verdict === YES) return this.#before + at
      if (verdict === MORE && undecided === all.length && all.length - at <= MAX_SEARCH_BYTES) undecided = at
    }
    this.#before += undecided
    this.#held = all.subarray(undecided)
    return NOT_FOUND
  }
}

/** Where the first frame begins, counted from the first byte of all; NOT_FOUND. */
function searched(pieces: readonly Uint8Array[]): number {
  const search = new FrameSearch(CLIENT)
  let total = 0
  for (const piece of pieces) {
    const room = Buffer.concat([Buffer.from('\x01\x02\x03'), piece, Buffer.from('\x04')])
    const found = search.feed(room, 3, 3 + piece.length, MAX_BELIEVED_FRAME_BYTES)
    room.fill(0xff)
    if (found >= 0) return total + found - 3
    total += piece.length
    if (found === FOUND_BEFORE) return total - search.take().length
  }
  return NOT_FOUND
}

const frame = fc.tuple(fc.nat(40), fc.constantFrom(0, 1, 3, 4, 6, 8, 9), fc.constantFrom(0, 1, 4, 5), fc.constantFrom(0, 1, 3, 5)).map(([length, type, flags, stream]) =>
  Buffer.concat([Buffer.from([0, 0, length, type, flags, 0, 0, 0, stream]), Buffer.alloc(length, 0x41)]))
const bytes = fc.oneof(frame, frame, fc.uint8Array({ maxLength: 30 }), fc.nat(60).map((length) => Buffer.alloc(length, 1)))

test('finds the same place whatever pieces the bytes come in as one who judges all anew', () => {
  fc.assert(fc.property(fc.array(bytes, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 6 }), (parts, sizes) => {
    const all = Buffer.concat(parts)
    const pieces: Buffer[] = []
    for (let at = 0, turn = 0; at < all.length; turn++) {
      const size = sizes[turn % sizes.length]!
      pieces.push(all.subarray(at, at + size))
      at += size
    }
    const plain = new PlainSearch()
    let expected = NOT_FOUND
    for (const piece of pieces) if (expected === NOT_FOUND) expected = plain.feed(piece)
    assert.equal(searched(pieces), expected)
  }), { numRuns: 2000 })
})

test('what looks like the beginning of a long frame everywhere is kept in bounds', () => {
  const search = new FrameSearch(CLIENT)
  const piece = Uint8Array.of(1)
  for (let i = 0; i < MAX_SEARCH_BYTES * 2; i++) assert.equal(search.feed(piece, 0, 1, MAX_BELIEVED_FRAME_BYTES), NOT_FOUND)
  assert.ok(search.heldBytes < MAX_SEARCH_BYTES * 8, `${search.heldBytes}`)
})
