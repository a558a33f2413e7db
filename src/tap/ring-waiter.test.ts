import assert from 'node:assert/strict'
import test from 'node:test'
import { takeWakeUps, WakeUp } from '../sys/wake-up.ts'
import { RingWaiter } from './ring-waiter.ts'

const LONG_MS = 30_000
const SINK = { frame() {} }

/** A ring as far as a waiter knows it: a descriptor that is readable until it was walked. */
class Walked {
  readonly #wakeUp = new WakeUp()
  walks = 0

  get fd(): number {
    return this.#wakeUp.fd
  }

  fill(): void {
    this.#wakeUp.wake()
  }

  walk(): number {
    this.walks++
    takeWakeUps(this.fd)
    return 1
  }

  close(): void {
    this.#wakeUp.close()
  }
}

test('only rings that have something are walked, however many there are', (t) => {
  const wakeUp = new WakeUp()
  const rings = Array.from({ length: 600 }, () => new Walked())
  const waiter = new RingWaiter(wakeUp.fd)
  t.after(() => {
    waiter.close()
    for (const ring of [...rings, wakeUp]) ring.close()
  })
  for (const ring of rings) waiter.add(ring, SINK)
  waiter.wait(0)
  assert.equal(rings.filter(({ walks }) => walks > 0).length, 0)
  rings[7]!.fill()
  rings[599]!.fill()
  waiter.wait(LONG_MS)
  assert.deepEqual(rings.flatMap(({ walks }, i) => walks > 0 ? [[i, walks]] : []), [[7, 1], [599, 1]])
  // More than come with one wait: each has its turn.
  for (const ring of rings) ring.fill()
  for (let n = 0; n < 600 && rings.some(({ walks }, i) => walks < (i === 7 || i === 599 ? 2 : 1)); n++) waiter.wait(0)
  assert.ok(rings.every(({ walks }, i) => walks === (i === 7 || i === 599 ? 2 : 1)))
})

test('it is woken without anything in a ring, and what was taken out is not looked at', (t) => {
  const wakeUp = new WakeUp()
  const ring = new Walked()
  const waiter = new RingWaiter(wakeUp.fd)
  t.after(() => {
    waiter.close()
    for (const one of [ring, wakeUp]) one.close()
  })
  waiter.add(ring, SINK)
  wakeUp.wake()
  waiter.wait(LONG_MS)
  waiter.wait(0)
  waiter.remove(ring)
  ring.fill()
  waiter.wait(0)
  assert.equal(ring.walks, 0)
  assert.throws(() => waiter.add({ fd: 1_000_000, walk: () => 0 }, SINK), { code: 'system-call' })
})
