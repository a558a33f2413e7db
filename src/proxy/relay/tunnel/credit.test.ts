import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RelayLoop } from '../loop.ts'
import fc from '#property'
import { CreditPot, giveCredit } from './credit.ts'
import { FIRST_CREDIT } from './frame.ts'
import type { Tunnel } from './tunnel.ts'
import { Stream } from './tunnel.ts'

const MAX_WINDOW = 4 * 1024 * 1024

/** What giveCredit needs of a loop: a pot, and somebody who hears what is told. */
function loopWith(pot: CreditPot): { loop: RelayLoop, told: number[] } {
  const told: number[] = []
  const tunnels = { credit: pot, tell: (_tunnel: Tunnel, _type: number, _stream: number, value: number) => { told.push(value) } }
  return { loop: { tunnels } as unknown as RelayLoop, told }
}

function newStream(): Stream {
  return new Stream(undefined as unknown as Tunnel, 1, 0)
}

test('a reader that keeps up is given more and more, up to a bound', () => {
  const { loop, told } = loopWith(new CreditPot())
  const stream = newStream()
  for (let i = 0; i < 20_000; i++) {
    stream.allowed -= 16_384
    giveCredit(loop, stream, 16_384, 0)
  }
  assert.equal(stream.window, MAX_WINDOW)
  assert.ok(told.length > 10 && told.length < 1000, `${told.length} frames`)
})

test('a reader that falls behind gets less, and never less than in the beginning', () => {
  const { loop } = loopWith(new CreditPot())
  const stream = newStream()
  const read = (count: number, waitingBytes: number): void => {
    stream.allowed -= count
    giveCredit(loop, stream, count, waitingBytes)
  }
  while (stream.window < MAX_WINDOW) read(65_536, 0)
  for (let i = 0; i < 5000; i++) read(16_384, 1_000_000)
  assert.equal(stream.window, FIRST_CREDIT)
})

test('whatever happens, what may come and what is owed make up the window, and the pot is whole again in the end', () => {
  const READS = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 70_000 }), fc.constantFrom(0, 1000, 500_000)), { maxLength: 300 })
  fc.assert(fc.property(READS, (reads) => {
    const pot = new CreditPot()
    const { loop } = loopWith(pot)
    const streams = Array.from({ length: 4 }, newStream)
    for (const [which, wanted, waiting] of reads) {
      const stream = streams[which]!
      const count = Math.min(wanted, stream.allowed)
      if (count === 0) continue
      stream.allowed -= count
      giveCredit(loop, stream, count, waiting)
      assert.equal(stream.allowed + stream.owed, stream.window)
      assert.ok(stream.allowed >= 0 && stream.window >= FIRST_CREDIT && stream.window <= MAX_WINDOW)
      // A sender that was given nothing would wait for ever.
      assert.ok(stream.allowed > 0)
    }
    for (const stream of streams) pot.giveBack(stream)
    const fresh = newStream()
    let grown = 0
    for (let more = pot.grow(fresh); more > 0; more = pot.grow(fresh)) grown += more
    assert.equal(grown, MAX_WINDOW - FIRST_CREDIT)
  }))
})

test('all streams together have no more than the pot', () => {
  const pot = new CreditPot()
  let total = 0
  for (let i = 0; i < 100; i++) {
    const stream = newStream()
    for (let more = pot.grow(stream); more > 0; more = pot.grow(stream)) total += more
  }
  assert.ok(total <= 64 * 1024 * 1024, `${total} bytes`)
})
