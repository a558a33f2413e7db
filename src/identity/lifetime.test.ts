import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { BACKDATE_MILLIS, planLifetime, renewAtMillis } from './lifetime.ts'

test('a certificate is valid from a minute ago, in whole seconds', () => {
  assert.deepEqual(planLifetime(1_000_000_500, 3_600_000), { notBeforeMillis: 999_940_000, notAfterMillis: 1_003_600_000 })
  assert.equal(BACKDATE_MILLIS, 60_000)
})

test('no certificate outlives its issuer', () => {
  assert.equal(planLifetime(1_000_000, 3_600_000, 2_000_000).notAfterMillis, 2_000_000)
})

test('renewal is due at two thirds of the life, or up to a tenth of it earlier', () => {
  assert.equal(renewAtMillis(0, 900), 600)
  assert.equal(renewAtMillis(0, 900, 1), 510)
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 60_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (start, life, spread) => {
    const at = renewAtMillis(start, start + life, spread)
    assert.ok(at >= start + life / 2 && at <= start + (life * 2) / 3)
  }))
})
