import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentBytes } from './recent-bytes.ts'

/** A stream of segments of three bytes, each of one letter. */
class Stream {
  readonly id: number
  recentSlot = -1
  settledSeq = 0
  readonly #recent: RecentBytes

  constructor(recent: RecentBytes) {
    this.#recent = recent
    this.id = recent.newId()
  }

  isSettled(seq: number): boolean {
    return seq <= this.settledSeq
  }

  sends(number: number, letter: string, block: Uint8Array, at: number): void {
    block.fill(letter.charCodeAt(0), at, at + 3)
    this.#recent.remember(this, number * 3, block, at, 3)
  }

  contradicts(number: number, letter: string): boolean {
    const segment = Buffer.from(letter.repeat(3))
    return this.#recent.differs(this, number * 3, segment, 0, 3)
  }
}

function world(): { recent: RecentBytes, stream: Stream, block: Uint8Array } {
  const recent = new RecentBytes()
  return { recent, stream: new Stream(recent), block: new Uint8Array(8192) }
}

test('in a block the bytes are compared where they lie, afterwards as they were', () => {
  const { recent, stream, block } = world()
  recent.begin(block)
  stream.sends(0, 'a', block, 100)
  stream.sends(1, 'b', block, 200)
  assert.deepEqual([stream.contradicts(0, 'a'), stream.contradicts(1, 'b'), stream.contradicts(1, 'c')], [false, false, true])
  recent.end()
  block.fill(0)
  assert.deepEqual([stream.contradicts(0, 'a'), stream.contradicts(1, 'b'), stream.contradicts(0, 'c'), stream.contradicts(1, 'c')], [false, false, true, true])
})

test('bytes that lie elsewhere are copied at once', () => {
  const { recent, stream, block } = world()
  const other = new Uint8Array(10)
  recent.begin(block)
  stream.sends(0, 'a', other, 0)
  other.fill(0)
  assert.deepEqual([stream.contradicts(0, 'a'), stream.contradicts(0, 'b')], [false, true])
  recent.end()
  stream.sends(1, 'c', block, 0)
  block.fill(0)
  assert.deepEqual([stream.contradicts(1, 'c'), stream.contradicts(1, 'b')], [false, true])
})

test('of a busy block what was acknowledged is forgotten, but for the latest of each stream', () => {
  const { recent, stream, block } = world()
  const quiet = new Stream(recent)
  recent.begin(block)
  quiet.sends(0, 'q', block, 0)
  quiet.settledSeq = 3
  for (let i = 0; i < 300; i++) stream.sends(i, 'a', block, 10 + i * 4)
  stream.settledSeq = 290 * 3
  assert.ok(stream.contradicts(289, 'b'))
  recent.end()
  block.fill(0)
  assert.deepEqual([stream.contradicts(289, 'b'), stream.contradicts(290, 'a'), stream.contradicts(290, 'b'), stream.contradicts(299, 'b')], [false, false, true, true])
  assert.deepEqual([quiet.contradicts(0, 'q'), quiet.contradicts(0, 'x')], [false, true])
})

test('a block with more segments than are remembered forgets the first of them', () => {
  const { recent, stream, block } = world()
  recent.begin(block)
  for (let i = 0; i < 2500; i++) stream.sends(i, 'a', block, i * 3)
  recent.end()
  block.fill(0)
  assert.deepEqual([stream.contradicts(2499, 'a'), stream.contradicts(2499, 'b'), stream.contradicts(1, 'b')], [false, true, false])
})
