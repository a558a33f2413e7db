import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { RateLimit } from './rate-limit.ts'

test('a burst, then evenly, and each key for itself', () => {
  const limit = new RateLimit(60, 2, 10)
  assert.deepEqual([limit.take('a', 0), limit.take('a', 0), limit.take('a', 0)], [0, 0, 1000])
  assert.equal(limit.take('b', 0), 0)
  assert.deepEqual([limit.take('a', 999) > 0, limit.take('a', 1000), limit.take('a', 1000) > 0], [true, 0, true])
})

test('a clock that goes back gives nothing and takes nothing', () => {
  const limit = new RateLimit(60, 1, 10)
  assert.equal(limit.take('a', 10_000), 0)
  assert.ok(limit.take('a', 0) > 0)
  assert.equal(limit.take('a', 1000), 0)
})

test('in no stretch of time more than the burst and what refills', () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 3000 }), { maxLength: 100 }), (gaps) => {
    const limit = new RateLimit(30, 5, 1)
    let [now, taken] = [0, 0]
    for (const gap of gaps) {
      now += gap
      if (limit.take('', now) === 0) taken++
    }
    assert.ok(taken <= 5 + now * 30 / 60_000 + 1e-6)
  }))
})

test('it remembers no more keys than it was told', () => {
  const limit = new RateLimit(1, 1, 2)
  for (const key of ['a', 'b', 'c']) assert.equal(limit.take(key, 0), 0)
  assert.ok(limit.take('c', 0) > 0)
  assert.equal(limit.take('a', 0), 0)
})
