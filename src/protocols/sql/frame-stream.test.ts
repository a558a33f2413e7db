import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { FrameOwner } from './frame-stream.ts'
import { FrameStream } from './frame-stream.ts'
import { MAX_PAUSED_BYTES } from './limits.ts'

/** Frames of one byte of length; `x` at their beginning is wrong. */
class Letters implements FrameOwner {
  headBytes = 1
  readonly stream = new FrameStream(this)
  readonly said: string[] = []
  wanted = 100

  head(bytes: Uint8Array, from: number): number {
    this.stream.wantedBytes = this.wanted
    if (bytes[from] !== 0x78) return bytes[from]! - 0x30
    this.stream.seek()
    return -1
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    this.said.push(`${Buffer.from(bytes.subarray(from, to)).toString()}${this.stream.isCut ? '!' : ''}`)
  }

  lost(): void {
    this.said.push('lost')
  }

  search(chunk: Uint8Array): number {
    return chunk.indexOf(0x31)
  }

  left(rest: Uint8Array): void {
    this.said.push(`left ${Buffer.from(rest).toString()}`)
  }
}

const feed = (letters: Letters, ...chunks: string[]): string[] => {
  for (const chunk of chunks) letters.stream.data(Buffer.from(chunk), 7)
  return letters.said
}

test('every cut gives the same frames', () => {
  const whole = '3abc0' + '5hello' + '1x' + '2yz'
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (cuts) => {
    const pieces: string[] = []
    for (let at = 0, i = 0; at < whole.length; i++) pieces.push(whole.slice(at, at += cuts[i % cuts.length]!))
    const letters = new Letters()
    assert.deepEqual(feed(letters, ...pieces), ['abc', '', 'hello', 'x', 'yz'])
    assert.equal(letters.stream.offset, whole.length)
    assert.equal(letters.stream.heldBytes, 0)
  }))
})

test('only what is wanted is handed over', () => {
  const letters = new Letters()
  letters.wanted = 2
  assert.deepEqual(feed(letters, '5he', 'llo3a', 'bc1z'), ['he', 'ab', 'z'])
  letters.wanted = -1
  assert.deepEqual(feed(letters, '5he', 'llo').length, 3)
})

test('bytes lost within a frame cost that frame only; else a beginning is searched for', () => {
  const letters = new Letters()
  feed(letters, '5he')
  letters.stream.gap(2)
  assert.deepEqual(feed(letters, 'o1z'), ['he!', 'z'])
  letters.stream.gap(1)
  assert.deepEqual(feed(letters, 'ab1z', '1y'), ['he!', 'z', 'lost', 'z', 'y'])
  assert.equal(letters.stream.offset, 3 + 2 + 3 + 1 + 4 + 2)
})

test('a wrong beginning, a pause, a departure', () => {
  const letters = new Letters()
  assert.deepEqual(feed(letters, '1ax1b', '1c'), ['a', 'c'])
  letters.stream.pause()
  feed(letters, '1d', '2')
  assert.equal(letters.said.length, 2)
  letters.stream.resume()
  assert.deepEqual(feed(letters, 'ef'), ['a', 'c', 'd', 'ef'])
  letters.stream.leave()
  assert.deepEqual(feed(letters, 'rest', 'more').at(-1), 'left rest')
})

test('what comes in a pause is bounded', () => {
  const letters = new Letters()
  letters.stream.pause()
  for (let i = 0; i < 5; i++) letters.stream.data(Buffer.alloc(MAX_PAUSED_BYTES / 4), 7)
  assert.equal(letters.stream.takePaused().length, 0)
})

test('a head keeps the size that it began with', () => {
  const letters = new Letters()
  letters.headBytes = 4
  feed(letters, '1..')
  letters.headBytes = 1
  assert.deepEqual(feed(letters, '.a', '1b'), ['a', 'b'])
})
