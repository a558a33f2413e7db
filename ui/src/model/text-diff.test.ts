import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { MAX_DIFF_LINES, diffLines } from './text-diff.ts'

const texts = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 }).map((lines) => lines.join('\n'))

test('both texts can be read from their difference', () => {
  fc.assert(fc.property(texts, texts, (before, after) => {
    const lines = diffLines(before, after)
    assert.equal(lines.filter((line) => line.kind !== 'new').map((line) => line.text).join('\n'), before)
    assert.equal(lines.filter((line) => line.kind !== 'old').map((line) => line.text).join('\n'), after)
  }))
})

test('what both have is not said twice', () => {
  assert.deepEqual(diffLines('a\nb\nc', 'a\nx\nc').map((line) => line.kind), ['same', 'old', 'new', 'same'])
})

test('texts beyond the bound are replaced as a whole', () => {
  const long = (word: string): string => Array.from({ length: MAX_DIFF_LINES + 1 }, (_, i) => `${word}${i}`).join('\n')
  assert.ok(diffLines(long('a'), long('b')).every((line) => line.kind !== 'same'))
})
