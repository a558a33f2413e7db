import assert from 'node:assert/strict'
import test from 'node:test'
import { CutList, cutOf } from './cut-list.ts'

const cut = (...parts: number[]): ReturnType<typeof cutOf> => cutOf(Float64Array.from(parts))

test('cuts are found by their totals and by one store\'s part; none may cross another', () => {
  const cuts = new CutList(2)
  assert.equal(cuts.below(9), undefined)
  assert.ok(cuts.add(cut(4, 4), true))
  assert.ok(cuts.add(cut(0, 1), true))
  assert.equal(cuts.add(cut(5, 2), true), false)
  assert.equal(cuts.add(cut(3, 5), true), false)
  assert.ok(cuts.add(cut(4, 4), true))
  assert.deepEqual([cuts.below(7)!.total, cuts.below(8)!.total, cuts.above(1)!.total, cuts.above(8)], [1, 8, 8, undefined])
  assert.deepEqual([cuts.around(1, 3).low!.total, cuts.around(1, 3).high!.total, cuts.around(1, 4).high], [1, 8, undefined])
})

test('what is gone takes its cuts along: those that were there move behind it', () => {
  const cuts = new CutList(2)
  for (const one of [cut(0, 0), cut(2, 1), cut(3, 6), cut(9, 9)]) cuts.add(one, true)
  cuts.removeBelow(Float64Array.from([3, 4]))
  assert.equal(cuts.below(6), undefined)
  assert.deepEqual([...cuts.below(7)!.parts], [3, 4])
  assert.deepEqual([...cuts.below(9)!.parts], [3, 6])
})

test('cuts that were looked up are forgotten after many others, cuts that are kept are thinned out', () => {
  const cuts = new CutList(1000)
  for (let n = 0; n < 600; n++) cuts.add(cutOf(new Float64Array(1000).fill(n * 2)), false)
  assert.equal(cuts.below(0), undefined)
  assert.equal(cuts.below(1200 * 1000)!.total, 1198 * 1000)
  const kept = new CutList(1000)
  for (let n = 0; n < 2000; n++) kept.add(cutOf(new Float64Array(1000).fill(n)), true)
  assert.equal(kept.below(1999 * 1000)!.total, 1999 * 1000)
  assert.equal(kept.below(0)!.total, 0)
})

test('what was shown between cuts is known as shown, also for cuts that are put between', () => {
  const cuts = new CutList(1)
  for (const n of [0, 10, 20]) cuts.add(cut(n), true)
  cuts.show(10, 20)
  cuts.add(cut(15), false)
  assert.deepEqual([0, 10, 15, 20].map((total) => cuts.below(total)!.isShown), [false, true, true, false])
})
