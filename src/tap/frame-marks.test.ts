import assert from 'node:assert/strict'
import test from 'node:test'
import { FrameMarks } from './frame-marks.ts'

test('the frame of a time, the last of several, and none for what is not kept', () => {
  const marks = new FrameMarks()
  for (let i = 0; i < 1000; i++) marks.add(i + 1, i * 10 - i % 2 * 10)
  assert.equal(marks.frameAt(40), 6)
  assert.equal(marks.frameAt(41), undefined)
  assert.equal(marks.frameAt(5000), undefined)
})
