import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTimeoutMicros } from './timeout.ts'

test('a timeout has up to eight digits and a unit', () => {
  const texts = ['1H', '2M', '3S', '4m', '5u', '6n', '1001n', '99999999H', '0S']
  assert.deepEqual(texts.map(parseTimeoutMicros), [3_600_000_000, 120_000_000, 3_000_000, 4000, 5, 1, 2, '359999996400000000', 0])
  for (const text of ['', '1', 'S', '-1S', '1.5S', '123456789S', '1h', '1S ']) assert.equal(parseTimeoutMicros(text), undefined)
})
