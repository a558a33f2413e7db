import assert from 'node:assert/strict'
import test from 'node:test'
import { TimeCurve } from './time-curve.ts'

test('how many there are up to a time is guessed between samples, and the time from how many', () => {
  const curve = new TimeCurve([{ from: 100, to: 130, step: 10, times: [1000, 2000, 3000] }, { from: 0, to: 20, step: 10, times: [1500, 2500] }], 5)
  assert.deepEqual([1000, 1500, 2000, 2500, 3000].map((time) => curve.countAt(time)), [105, 110, 120, 130, 140])
  assert.deepEqual([110, 120, 130].map((count) => curve.timeOf(count)), [1500, 2000, 2500])
})

test('stores whose samples were all taken at the same times make no stairs', () => {
  const times = Array.from({ length: 32 }, (_, n) => 1_000_000 + n * 1_000_000)
  const curve = new TimeCurve(Array.from({ length: 100 }, (_, n) => ({ from: 0, to: 3200, step: 100, times: times.map((time) => time + n) })), 0)
  const time = curve.timeOf(160_050)
  assert.ok(Math.abs(time - 17_005_000) < 2000, `${time}`)
})

test('a clock that goes back, one time for all, and a single sample are no trouble', () => {
  assert.ok(Number.isFinite(new TimeCurve([{ from: 0, to: 40, step: 10, times: [5, 9, 2, 9] }], 0).timeOf(20)))
  assert.equal(new TimeCurve([{ from: 0, to: 10, step: 5, times: [7, 7] }], 0).timeOf(5), 8)
  assert.equal(new TimeCurve([{ from: 0, to: 1, step: 1, times: [7] }], 0).timeOf(1), 8)
})
