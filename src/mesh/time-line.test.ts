import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { TimeLine } from './time-line.ts'

test('in whatever order things come and go, it agrees with a sorted list', () => {
  const times = fc.array(fc.integer({ min: 0, max: 20 }))
  fc.assert(fc.property(times, fc.array(fc.nat(), { maxLength: 20 }), fc.integer({ min: -1, max: 21 }), (all, removals, at) => {
    const line = new TimeLine<{ atMicros: number }>()
    const items = all.map((atMicros) => ({ atMicros }))
    for (const item of items) line.insert(item)
    for (const removal of removals) {
      const [item] = items.splice(items.length === 0 ? 0 : removal % items.length, 1)
      if (item !== undefined) line.remove(item)
    }
    line.remove({ atMicros: 7 })
    const sorted = items.toSorted((a, b) => a.atMicros - b.atMicros)
    assert.deepEqual(line.items, sorted)
    assert.deepEqual(new Set(line.items), new Set(items))
    assert.equal(line.firstFrom(at), sorted.filter((item) => item.atMicros < at).length)
    assert.equal(line.lastUntil(at), sorted.filter((item) => item.atMicros <= at).length - 1)
    line.keep((item) => item.atMicros !== at)
    assert.deepEqual(line.items, sorted.filter((item) => item.atMicros !== at))
  }))
})
