import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { BoundedMap } from './bounded-map.ts'

test('what was set last stays, whatever was set again or deleted before', () => {
  const step = fc.record({ key: fc.nat(12), deletes: fc.boolean() })
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 6 }), (steps, limit) => {
    const map = new BoundedMap<number, number>(limit)
    let known: [key: number, value: number][] = []
    let forgotten = 0
    for (const [value, { key, deletes }] of steps.entries()) {
      known = known.filter(([one]) => one !== key)
      if (deletes) {
        map.delete(key)
        continue
      }
      known.push([key, value])
      const oldest = known.length > limit ? known.shift()![1] : undefined
      if (oldest !== undefined) forgotten++
      assert.equal(map.set(key, value), oldest)
    }
    assert.deepEqual([...map.values()], known.map(([, value]) => value))
    for (const [key, value] of known) assert.equal(map.get(key), value)
    assert.deepEqual([map.size, map.forgotten], [known.length, forgotten])
  }))
})
