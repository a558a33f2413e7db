import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { TimeText, durationText } from './time-text.ts'

test('rfc3339 agrees with Date to the millisecond and keeps the microseconds', () => {
  const text = new TimeText(true)
  fc.assert(fc.property(fc.integer({ min: 0, max: 4e15 }), (at) => {
    const got = text.rfc3339(at)
    assert.equal(got.slice(0, 23), new Date(Math.floor(at / 1000)).toISOString().slice(0, 23))
    assert.equal(got.slice(23), `${String(at % 1000).padStart(3, '0')}Z`)
  }))
})

test('instants that no Date can hold do not throw', () => {
  for (const at of [-1, Number.MAX_SAFE_INTEGER, 1e18, -1e18]) {
    assert.match(new TimeText(true).rfc3339(at), /Z$/)
    assert.match(new TimeText(true).clock(at), /^\d\d:\d\d:\d\d\./)
  }
})

test('the clock is UTC when asked', () => {
  assert.equal(new TimeText(true).clock(1_700_000_000_123_456), '22:13:20.123')
})

test('durations change their unit where a person would', () => {
  assert.equal(durationText(812), '0.8 ms')
  assert.equal(durationText(12_400), '12 ms')
  assert.equal(durationText(1_240_000), '1.24 s')
  assert.equal(durationText(125_000_000), '2.1 min')
})
