import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { TickClock } from './tick-clock.ts'

/** The same in exact integers. */
function reference(base: 2 | 10, exponent: number, ticks: bigint): bigint {
  return base === 2 ? ticks * 1_000_000n >> BigInt(exponent) : ticks * 1_000_000n / 10n ** BigInt(exponent)
}

const word = fc.integer({ min: 0, max: 0xffffffff })

test('every resolution is exact wherever the result is', () => {
  fc.assert(fc.property(fc.constantFrom(2 as const, 10 as const), fc.integer({ min: 0, max: 127 }), word, word, (base, exponent, high, low) => {
    const exact = reference(base, exponent, BigInt(high) << 32n | BigInt(low))
    const micros = new TickClock({ base, exponent }, 0).toMicros(high, low)
    assert.equal(micros, exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact))
  }), { numRuns: 5000 })
})

test('nanoseconds of today do not lose a microsecond', () => {
  const ticks = 1_784_550_000_123_456_999n
  const micros = new TickClock({ base: 10, exponent: 9 }, 0).toMicros(Number(ticks >> 32n), Number(ticks & 0xffffffffn))
  assert.equal(micros, 1_784_550_000_123_456)
})

test('the offset is added in seconds', () => {
  assert.equal(new TickClock({ base: 10, exponent: 6 }, 1_700_000_000).toMicros(0, 42), 1_700_000_000_000_042)
  assert.equal(new TickClock({ base: 10, exponent: 6 }, -1).toMicros(0, 3_000_000), 2_000_000)
})

test('a clock before 1970 or beyond exact numbers is held at the end', () => {
  assert.equal(new TickClock({ base: 10, exponent: 6 }, -10).toMicros(0, 0), 0)
  assert.equal(new TickClock({ base: 10, exponent: 0 }, 9e18).toMicros(1, 1), Number.MAX_SAFE_INTEGER)
})
