import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { TimeOrder } from './time-order.ts'

const at = (...times: number[]): { atMicros: number }[] => times.map((atMicros) => ({ atMicros }))

test('the first goes out sooner, later ones when they are old enough, in order', () => {
  const order = new TimeOrder(100, 20)
  for (const item of at(10, 12)) order.add(item)
  assert.deepEqual(order.take(29), [])
  assert.deepEqual(order.take(40), at(10))
  assert.deepEqual(order.take(111), [])
  assert.deepEqual(order.take(112), at(12))
  for (const item of at(60, 40, 50)) order.add(item)
  assert.deepEqual(order.take(130), [])
  assert.deepEqual(order.take(150), at(40, 50))
  assert.deepEqual(order.takeAll(), at(60))
})

test('nothing is lost or doubled, and what is no later than the window comes out sorted', () => {
  const WINDOW = 50
  fc.assert(fc.property(fc.array(fc.record({ atMicros: fc.nat(1000), lateMicros: fc.nat(WINDOW - 1) })), (items) => {
    const order = new TimeOrder<{ atMicros: number }>(WINDOW)
    const out: { atMicros: number }[] = []
    const arrivals = items.toSorted((a, b) => a.atMicros + a.lateMicros - b.atMicros - b.lateMicros)
    for (const item of arrivals) {
      order.add(item)
      out.push(...order.take(item.atMicros + item.lateMicros))
    }
    out.push(...order.takeAll())
    assert.equal(out.length, items.length)
    assert.deepEqual(out.map((item) => item.atMicros), out.map((item) => item.atMicros).toSorted((a, b) => a - b))
  }))
})
