import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, durationMs, list, sizeBytes } from './values.ts'

test('durations', () => {
  assert.deepEqual(['30s', '500ms', '5m', '1h', '1.5s', '7'].map(durationMs), [30_000, 500, 300_000, 3_600_000, 1500, 7000])
  for (const bad of ['', 's', '-1s', '0', '1d', '9999h', '1e3s']) assert.throws(() => durationMs(bad), /duration/)
})

test('sizes', () => {
  assert.deepEqual(['0', '4096', '64K', '1MiB', '1G'].map(sizeBytes), [0, 4096, 65536, 1048576, 1073741824])
  for (const bad of ['', '-1', '2G', '1T', 'K']) assert.throws(() => sizeBytes(bad), /size/)
})

test('counts and lists', () => {
  assert.equal(count('12'), 12)
  for (const bad of ['0', '-1', '1.5', 'x']) assert.throws(() => count(bad), /whole number/)
  assert.deepEqual(list('a, b', ['x']), ['x', 'a', 'b'])
})
